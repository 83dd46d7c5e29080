// SPDX-License-Identifier: Apache-2.0
// A message that a plugin publishes.

/// A message that a plugin publishes.
package struct PluginPublication: Sendable {
    /// Topic name.
    package var topic: [UInt8]
    /// The payload.
    package var payload: [UInt8]
    /// QoS 0 to 2.
    package var qos: UInt8
    /// Whether it is to be retained; ignored for messages to one client.
    package var isRetained: Bool
    /// Encoded properties that go out with it, message expiry interval excepted.
    package var properties: [UInt8]
    /// Seconds; 0 or nil for none.
    package var messageExpiryInterval: UInt32?

    package init(
        topic: [UInt8],
        payload: [UInt8],
        qos: UInt8,
        isRetained: Bool,
        properties: [UInt8] = [],
        messageExpiryInterval: UInt32? = nil
    ) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.isRetained = isRetained
        self.properties = properties
        self.messageExpiryInterval = messageExpiryInterval
    }

    func message(now: Int64, isRetained: Bool) -> Message {
        UnsafePublication.with(
            topic: topic,
            properties: properties,
            payload: payload,
            qos: qos,
            isRetained: isRetained,
            expiresAt: Expiry.second(after: messageExpiryInterval, from: now),
            Message.make
        )
    }
}
