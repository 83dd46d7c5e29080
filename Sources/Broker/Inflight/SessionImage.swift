// SPDX-License-Identifier: Apache-2.0
// A whole session as plain values: to be written down, sent elsewhere, and brought back.

package import MQTT

/// Names a message that is kept elsewhere; whoever makes the image chooses the numbers.
package typealias MessageNumber = UInt64

/// A subscription as its session remembers it.
package struct SubscriptionImage: Sendable, Equatable {
    /// The filter with mount point, without share name.
    package var filter: [UInt8]
    /// Share name; nil for an ordinary subscription.
    package var shareName: [UInt8]?
    /// Subscription Options as on the wire (5.0 section 3.8.3.1).
    package var options: UInt8
    /// Subscription Identifier; 0 for none.
    package var identifier: UInt32

    package init(filter: [UInt8], shareName: [UInt8]?, options: UInt8, identifier: UInt32) {
        self.filter = filter
        self.shareName = shareName
        self.options = options
        self.identifier = identifier
    }
}

/// A QoS 2 message from the client that was not released yet.
package struct IncomingImage: Sendable, Equatable {
    package var identifier: UInt16
    package var message: MessageNumber

    package init(identifier: UInt16, message: MessageNumber) {
        self.identifier = identifier
        self.message = message
    }
}

/// Session state (5.0 section 4.1) with what belongs to it, as plain values.
///
/// `apply` brings an image up to date with what has happened since: the image of a session at any
/// time is an earlier image and the changes in between.
package struct SessionImage: Sendable, Equatable {
    package var clientIdentifier: String
    package var userName: String?
    /// Seconds to live without a connection; 0: ends with it; `UInt32.max`: never ends.
    package var expiryInterval: UInt32
    /// The will of the client that is, or was last, connected.
    package var will: Will?
    /// In no order.
    package var subscriptions: [SubscriptionImage] = []
    /// Those that were sent first, then those that wait, each in order.
    package var outgoing: [OutgoingImage] = []
    /// In the order in which they came.
    package var incoming: [IncomingImage] = []
    /// Filters whose retained messages were not all fetched yet.
    package var retainedPending: [SubscriptionImage] = []
    /// The last packet identifier given; 0 for none.
    package var lastIdentifier: UInt16 = 0

    package init(
        clientIdentifier: String,
        userName: String? = nil,
        expiryInterval: UInt32,
        will: Will? = nil
    ) {
        self.clientIdentifier = clientIdentifier
        self.userName = userName
        self.expiryInterval = expiryInterval
        self.will = will
    }
}
