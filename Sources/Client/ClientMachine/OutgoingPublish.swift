// SPDX-License-Identifier: Apache-2.0
// A message for a server.

/// A message to be sent.
package struct OutgoingPublish: Sendable, Equatable {
    /// The topic name.
    package var topic: [UInt8]
    /// The application message.
    package var payload: [UInt8]
    /// The QoS it is wanted with, 0 to 2; the server's maximum lowers it.
    package var qos: UInt8
    /// Whether the server is to retain it, if it does that.
    package var isRetained: Bool
    /// Encoded properties without their length; not sent before 5.0.
    ///
    /// A topic alias is not among them.
    package var properties: [UInt8]

    /// Puts a message together.
    package init(
        topic: [UInt8],
        payload: [UInt8],
        qos: UInt8 = 0,
        isRetained: Bool = false,
        properties: [UInt8] = []
    ) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.isRetained = isRetained
        self.properties = properties
    }
}
