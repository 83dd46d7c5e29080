// SPDX-License-Identifier: Apache-2.0
// A message that a plugin publishes, or makes a will.

/// A message that a plugin publishes, or makes a will.
package struct PublishedMessage: Equatable, Sendable {
    package var topic: [UInt8]
    package var payload: [UInt8]
    package var qos: UInt8
    package var isRetained: Bool
    /// Properties that go out with it, intervals excepted.
    package var properties: [UInt8]
    package var messageExpiryInterval: UInt32?
    package var willDelayInterval: UInt32

    package init(
        topic: [UInt8],
        payload: [UInt8],
        qos: UInt8,
        isRetained: Bool,
        properties: [UInt8],
        messageExpiryInterval: UInt32?,
        willDelayInterval: UInt32 = 0
    ) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.isRetained = isRetained
        self.properties = properties
        self.messageExpiryInterval = messageExpiryInterval
        self.willDelayInterval = willDelayInterval
    }

    func encode(into record: inout RecordWriter) {
        record.put(topic)
        record.put(payload)
        record.put(qos)
        record.put(isRetained)
        record.put(properties)
        record.put(messageExpiryInterval != nil)
        record.put(messageExpiryInterval ?? 0)
        record.put(willDelayInterval)
    }

    init(_ record: inout RecordReader) throws(Nonsense) {
        topic = try record.array()
        payload = try record.array()
        qos = try record.integer()
        isRetained = try record.flag()
        properties = try record.array()
        let expires = try record.flag()
        let interval = try record.integer(UInt32.self)
        messageExpiryInterval = expires ? interval : nil
        willDelayInterval = try record.integer()
        guard qos <= 2 else { throw Nonsense("a quality of service") }
    }
}
