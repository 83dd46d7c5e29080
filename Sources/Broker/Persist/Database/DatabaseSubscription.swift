// SPDX-License-Identifier: Apache-2.0
// A subscription in the file.

package import Inflight
import TopicRules

/// One subscription of one session (SUB).
package struct DatabaseSubscription: Sendable, Equatable {
    package var clientIdentifier: String
    /// The whole filter, with `$share/name/` in front of a shared one.
    package var filter: [UInt8]
    /// Subscription Options as on the wire (5.0 section 3.8.3.1).
    package var options: UInt8
    /// Subscription Identifier; 0 for none.
    package var identifier: UInt32

    package init(
        clientIdentifier: String,
        filter: [UInt8],
        options: UInt8,
        identifier: UInt32 = 0
    ) {
        self.clientIdentifier = clientIdentifier
        self.filter = filter
        self.options = options
        self.identifier = identifier
    }

    /// The subscription of a session.
    package init(clientIdentifier: String, _ image: SubscriptionImage) {
        self.init(
            clientIdentifier: clientIdentifier,
            filter: image.shareName.map {
                SharedFilter.text(shareName: $0, filter: image.filter)
            } ?? image.filter,
            options: image.options,
            identifier: image.identifier
        )
    }

    /// As its session remembers it; nil when the filter of a shared one lacks a part.
    package var image: SubscriptionImage? {
        switch SharedFilter.parse(filter) {
        case .invalid: nil
        case .ordinary:
            SubscriptionImage(
                filter: filter,
                shareName: nil,
                options: options,
                identifier: identifier
            )
        case .shared(let parts):
            SubscriptionImage(
                filter: Array(filter[parts.filter]),
                shareName: Array(filter[parts.shareName]),
                options: options,
                identifier: identifier
            )
        }
    }
}
