// SPDX-License-Identifier: Apache-2.0
// What a persistence plugin gives back: a will.

/// The will of a client.
public struct StoredWill: Sendable {
    /// The client identifier.
    public var clientID: String
    /// The topic name.
    public var topic: [UInt8]
    /// The payload.
    public var payload: [UInt8] = []
    /// The quality of service.
    public var qos: UInt8 = 0
    /// The retain flag.
    public var retain = false
    /// The properties that go to receivers.
    public var properties: [Property] = []

    /// A will without payload.
    public init(clientID: String, topic: [UInt8]) {
        self.clientID = clientID
        self.topic = topic
    }
}
