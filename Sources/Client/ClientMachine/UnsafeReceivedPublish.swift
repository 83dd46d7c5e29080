// SPDX-License-Identifier: Apache-2.0
// A PUBLISH as it lies in the bytes of a server.

package import MQTT

/// A message of a server, in place.
///
/// Its pointers belong to the bytes that were handed in and are valid as long as those.
package struct UnsafeReceivedPublish {
    /// The whole packet.
    package let packet: UnsafeRawBufferPointer
    /// Its body; the ranges of `publish` are in it.
    package let body: UnsafeRawBufferPointer
    /// What it says.
    package let publish: PublishPacket
    /// The topic that the packet's alias stands for; nil if it has none.
    package let aliased: [UInt8]?
    /// The place in the receive window of a QoS 2 message, which the driver keeps until its release.
    package let place: Int?

    init(
        packet: UnsafeRawBufferPointer,
        headerLength: Int,
        publish: PublishPacket,
        aliased: [UInt8]?,
        place: Int?
    ) {
        assert((place != nil) == (publish.qos == 2), "QoS 2 messages have a place")
        self.packet = packet
        body = UnsafeRawBufferPointer(rebasing: packet[headerLength...])
        self.publish = publish
        self.aliased = aliased
        self.place = place
    }

    /// Calls `use` with the topic name.
    package func withTopic<Result>(_ use: (UnsafeRawBufferPointer) -> Result) -> Result {
        guard let aliased else {
            return use(UnsafeRawBufferPointer(rebasing: body[publish.topic]))
        }
        return aliased.withUnsafeBytes(use)
    }

    /// The application message.
    package var payload: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: body[publish.payload])
    }
}
