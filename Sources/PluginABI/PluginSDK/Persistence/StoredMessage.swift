// SPDX-License-Identifier: Apache-2.0
// What a persistence plugin gives back: a message.

/// A message, stored once for all its receivers.
public struct StoredMessage: Sendable {
    /// What others refer to it by; not 0.
    public var storeID: UInt64
    /// Its last second since 1970; 0: it never expires.
    public var expiryTime: Int64 = 0
    /// The topic name.
    public var topic: [UInt8]
    /// The payload.
    public var payload: [UInt8] = []
    /// Who has published it; `nil`: the broker.
    public var sourceID: String?
    /// The user name of who has published it.
    public var sourceUsername: String?
    /// The port of the listener it came through; 0 when unknown.
    public var sourcePort: UInt16 = 0
    /// The packet identifier it came with; 0 when unknown.
    public var sourceIdentifier: UInt16 = 0
    /// The quality of service.
    public var qos: UInt8 = 0
    /// The retain flag.
    public var retain = false
    /// The properties that go to receivers.
    public var properties: [Property] = []

    /// A message of the broker itself.
    public init(storeID: UInt64, topic: [UInt8]) {
        self.storeID = storeID
        self.topic = topic
    }
}
