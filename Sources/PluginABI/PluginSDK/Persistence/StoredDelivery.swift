// SPDX-License-Identifier: Apache-2.0
// What a persistence plugin gives back: a message on its way.

/// The way of one message to or from one client.
public struct StoredDelivery: Sendable {
    /// The client identifier.
    public var clientID: String
    /// The message.
    public var storeID: UInt64
    /// Tells the entries of one session apart; 0: the broker chooses.
    public var entryID: UInt64 = 0
    /// The packet identifier; 0 for none.
    public var identifier: UInt16 = 0
    /// The quality of service.
    public var qos: UInt8 = 0
    /// The retain flag.
    public var retain = false
    /// Whether it may have been sent before.
    public var isDuplicate = false
    /// Whether it goes to the client.
    public var isOutgoing = true
    /// How far it has come, as in the event.
    public var state: UInt8 = 11
    /// The subscription identifier; 0 for none.
    public var subscriptionIdentifier: UInt32 = 0

    /// A message that waits for a client.
    public init(clientID: String, storeID: UInt64) {
        self.clientID = clientID
        self.storeID = storeID
    }
}
