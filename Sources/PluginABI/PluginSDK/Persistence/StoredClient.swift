// SPDX-License-Identifier: Apache-2.0
// What a persistence plugin gives back: a session.

/// A session without what it holds.
public struct StoredClient: Sendable {
    /// The client identifier.
    public var clientID: String
    /// The user name.
    public var username: String?
    /// Seconds to live without a connection; `UInt32.max`: never ends.
    public var expiryInterval: UInt32 = .max
    /// Second since 1970 at which it ends; 0: its time begins now.
    public var expiryTime: Int64 = 0
    /// Seconds between the end of its connection and its will.
    public var willDelayInterval: UInt32 = 0
    /// Second since 1970 at which its will is due; 0: none is set.
    public var willDelayTime: Int64 = 0
    /// The port of the listener its client came through.
    public var listenerPort: UInt16 = 0
    /// The largest packet its client takes; 0: any.
    public var maximumPacketSize: UInt32 = 0
    /// The highest quality of service its client may use.
    public var maximumQoS: UInt8 = 2
    /// Whether its client may have messages retained.
    public var isRetainAvailable = true

    /// A session that never ends.
    public init(clientID: String) { self.clientID = clientID }
}
