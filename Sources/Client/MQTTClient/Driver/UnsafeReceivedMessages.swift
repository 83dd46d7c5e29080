// SPDX-License-Identifier: Apache-2.0
// Messages of a server, where they lie.

import ClientMachine
import MQTT

/// Messages that have arrived behind each other and differ in payload and packet identifier alone.
///
/// Its pointers are valid during the call that brings it.
package struct UnsafeReceivedMessages {
    private enum Form {
        case one(UnsafeReceivedPublish)
        case many(UnsafePublishStretch)
    }

    private let form: Form
    /// The topic name.
    package let topic: UnsafeRawBufferPointer
    /// The QoS, 0 to 2.
    package let qos: UInt8

    init(_ message: UnsafeReceivedPublish, topic: UnsafeRawBufferPointer) {
        form = .one(message)
        self.topic = topic
        qos = message.publish.qos
        assert(qos <= 2, "QoS is 0 to 2")
    }

    init(_ stretch: UnsafePublishStretch) {
        form = .many(stretch)
        topic = stretch.topic
        qos = stretch.qos
        assert(qos <= 2, "QoS is 0 to 2")
    }

    /// How many there are, at least 1.
    package var count: Int {
        switch form {
        case .one: 1
        case .many(let stretch): stretch.count
        }
    }

    /// The RETAIN flag.
    package var isRetained: Bool {
        if case .one(let message) = form { message.publish.isRetained } else { false }
    }

    /// The DUP flag.
    package var isDuplicate: Bool {
        if case .one(let message) = form { message.publish.isDuplicate } else { false }
    }

    /// The topic alias of the packet; nil for none.
    package var topicAlias: UInt16? {
        if case .one(let message) = form { message.publish.topicAlias } else { nil }
    }

    /// The encoded properties without their length.
    package var properties: UnsafeRawBufferPointer {
        guard case .one(let message) = form else {
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        return UnsafeRawBufferPointer(rebasing: message.body[message.publish.properties])
    }

    /// Calls `use` for each, in order, with its payload and packet identifier, 0 with QoS 0.
    package func walk(
        _ use: (_ payload: UnsafeRawBufferPointer, _ packetIdentifier: UInt16) -> Void
    ) {
        switch form {
        case .one(let message): use(message.payload, message.publish.packetIdentifier)
        case .many(let stretch):
            stretch.walk { _, identifier, payload, _ in use(payload, identifier) }
        }
    }
}
