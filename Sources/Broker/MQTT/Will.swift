// SPDX-License-Identifier: Apache-2.0
// The will message in a CONNECT.

/// A will message in CONNECT (5.0 section 3.1.3.2).
package struct Will: Sendable, Equatable {
    /// The topic name, as sent, without mount point.
    package var topic: [UInt8]
    /// The application message.
    package var payload: [UInt8]
    /// The quality of service, 0 to 2.
    package var qos: UInt8
    /// The RETAIN flag.
    package var isRetained: Bool
    /// Seconds between the end of the connection and publication.
    package var delayInterval: UInt32
    /// Seconds from publication.
    package var messageExpiryInterval: UInt32?
    /// The encoded properties that go with the message, in their order.
    package var forwardedProperties: [UInt8]

    /// Makes a will.
    package init(
        topic: [UInt8],
        payload: [UInt8] = [],
        qos: UInt8 = 0,
        isRetained: Bool = false,
        delayInterval: UInt32 = 0,
        messageExpiryInterval: UInt32? = nil,
        forwardedProperties: [UInt8] = []
    ) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.isRetained = isRetained
        self.delayInterval = delayInterval
        self.messageExpiryInterval = messageExpiryInterval
        self.forwardedProperties = forwardedProperties
    }
}
