// SPDX-License-Identifier: Apache-2.0
// What those are told who keep sessions and messages in the broker's stead.

package import Inflight
package import MQTT

/// A session without what it holds.
package struct KeptClient: Sendable {
    package var identity: ClientIdentity
    /// Seconds to live without a connection; `UInt32.max`: never ends.
    package var expiryInterval: UInt32
    /// Second since 1970 at which it ends unless its client comes back; 0: none is set.
    package var expiryTime: Int64
    /// Seconds between the end of its connection and its will.
    package var willDelayInterval: UInt32
    /// Second since 1970 at which its will is due; 0: none is set.
    package var willDelayTime: Int64
    /// The largest packet its client takes; 0: any.
    package var packetSizeMax: UInt32
    /// The highest QoS its client may use.
    package var qosMax: UInt8
    /// Whether its client may have messages retained.
    package var isRetainAvailable: Bool
}

/// The way of one message to or from one client.
package struct KeptDelivery: Sendable {
    /// The message.
    package var message: MessageNumber
    /// Tells the entries of one session apart.
    package var entry: UInt64
    package var subscriptionIdentifier: UInt32 = 0
    /// Its packet identifier; 0 for none.
    package var identifier: UInt16
    /// The one under which its publisher has sent it; 0 when unknown.
    package var sourceIdentifier: UInt16 = 0
    package var qos: UInt8
    package var isRetained: Bool
    package var isDuplicate = false
    package var isOutgoing: Bool
    package var state: KeptState
}

/// One change that is not a message's; `ChangeStep` has those.
package enum StateChange: Sendable {
    /// A session begins that outlives its connection.
    case clientAdded(KeptClient)
    /// Its client has left, or is back.
    case clientUpdated(KeptClient)
    /// It is over, and lets these messages go.
    case clientDeleted(ClientIdentity, [MessageNumber])
    /// A client has this will.
    case willSet(ClientIdentity, Will)
    /// A client has none any more.
    case willDeleted(ClientIdentity)
    /// A subscription was made or replaced; the whole filter, and options as on the wire.
    case subscribed(ClientIdentity, filter: [UInt8], options: UInt8, identifier: UInt32)
    /// A subscription has ended; the whole filter.
    case unsubscribed(ClientIdentity, filter: [UInt8])
}
