// SPDX-License-Identifier: Apache-2.0
// What a subscription leads to, as a publisher sees it.

/// One subscription seen from a publisher: who gets the message, and how; 16 bytes.
///
///     session 64 | identifier 28, options 4 | slot 32
///
/// Of the options only those are kept that a match needs: all but Retain Handling.
package struct Destination: Sendable, Equatable, BitwiseCopyable {
    /// The largest Subscription Identifier there is (5.0 section 3.8.2.1.2).
    package static let subscriptionIdentifierMax: UInt32 = 268_435_455

    /// The session that subscribed.
    package var session: SessionHandle

    /// The Subscription Identifier above four bits of options.
    @usableFromInline let packed: UInt32

    /// Which of its subscriptions this is to the session; the index only hands it back.
    package let slot: UInt32

    /// Puts a destination together; the identifier must not be above `subscriptionIdentifierMax`.
    package init(
        session: SessionHandle,
        subscriptionIdentifier: UInt32 = 0,
        options: SubscriptionOptions,
        slot: UInt32 = 0
    ) {
        precondition(
            subscriptionIdentifier <= Self.subscriptionIdentifierMax,
            "a subscription identifier has 28 bits"
        )
        self.session = session
        packed = subscriptionIdentifier << 4 | UInt32(options.rawValue & 0x0F)
        self.slot = slot
    }

    /// Takes apart what `rest` of another destination gave.
    init(session: SessionHandle, rest: UInt64) {
        self.session = session
        packed = UInt32(truncatingIfNeeded: rest)
        slot = UInt32(truncatingIfNeeded: rest >> 32)
    }

    /// All but the session in one word.
    var rest: UInt64 { UInt64(slot) << 32 | UInt64(packed) }

    /// The Subscription Identifier, 0 when the subscription has none.
    @inlinable  // Read for every delivery, by another module.
    package var subscriptionIdentifier: UInt32 { packed >> 4 }

    /// The options of the subscription without Retain Handling.
    @inlinable  // Read for every delivery, by another module.
    @inline(__always)
    package var options: SubscriptionOptions {
        SubscriptionOptions(rawValue: UInt8(truncatingIfNeeded: packed & 0x0F))
    }

    /// The same subscriber and options under the slot of another destination.
    func keepingSlot(of other: Destination) -> Destination {
        Destination(session: session, rest: UInt64(other.slot) << 32 | UInt64(packed))
    }
}
