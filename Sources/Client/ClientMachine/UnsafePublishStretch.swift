// SPDX-License-Identifier: Apache-2.0
// Messages of a server that lie behind each other and are alike.

import MQTT

/// Messages that differ in payload and packet identifier alone, in place and in order.
///
/// Its pointers belong to the bytes that were handed in and are valid as long as those.
package struct UnsafePublishStretch {
    private let form: UnsafePublishForm
    /// The packets, one right behind the other.
    package let packets: UnsafeRawBufferPointer
    /// How many there are, at least 1.
    package let count: Int
    /// The topic name of all.
    package let topic: UnsafeRawBufferPointer
    /// The QoS of all.
    package let qos: UInt8
    /// The first one's place in the receive window if the QoS is 2; the others follow it.
    package let firstPlace: Int?

    init(
        _ form: UnsafePublishForm,
        _ packets: UnsafeRawBufferPointer,
        count: Int,
        topic: UnsafeRawBufferPointer,
        qos: UInt8,
        firstPlace: Int?
    ) {
        assert(count > 0 && packets.count > 0, "a stretch has a packet")
        assert((firstPlace != nil) == (qos == 2), "QoS 2 messages have places")
        self.form = form
        self.packets = packets
        self.count = count
        self.topic = topic
        self.qos = qos
        self.firstPlace = firstPlace
    }

    /// Calls `use` for each message, with its number from 0, packet identifier, payload and whole packet.
    package func walk(
        _ use: (
            _ index: Int, _ packetIdentifier: UInt16, _ payload: UnsafeRawBufferPointer,
            _ packet: UnsafeRawBufferPointer
        ) -> Void
    ) {
        var offset = 0
        for index in 0..<count {
            guard let publish = form.read(packets, at: offset, payloadMax: .max, packetMax: .max)
            else { preconditionFailure("a packet that was read can be read again") }
            let end = publish.payloadOffset + publish.payloadCount
            use(
                index,
                publish.packetIdentifier,
                UnsafeRawBufferPointer(rebasing: packets[publish.payloadOffset..<end]),
                UnsafeRawBufferPointer(rebasing: packets[offset..<(offset + publish.byteCount)])
            )
            offset += publish.byteCount
        }
    }
}
