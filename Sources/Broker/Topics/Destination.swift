// SPDX-License-Identifier: Apache-2.0
// What a subscription leads to: the handle of a session, the options asked for, the identifier.

/// Names a session without referring to it, so that it may be held by every thread.
///
///     63        48 47          24 23           0
///     [ reactor  ] [    slot    ] [ generation ]
///
/// A slot is used again after its session has ended; the generation tells the two apart.
package struct SessionHandle: Hashable, Sendable, BitwiseCopyable {
    /// The three fields in one word.
    package let rawValue: UInt64

    /// Takes a word that `rawValue` of another handle gave.
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Builds a handle; bits of `slot` and `generation` beyond 24 are dropped.
    package init(reactor: UInt16, slot: UInt32, generation: UInt32) {
        rawValue =
            UInt64(reactor) << 48 | UInt64(slot & 0xFF_FFFF) << 24 | UInt64(generation & 0xFF_FFFF)
    }

    /// Spelled out, as the one derived from `rawValue` is not specialised in other modules.
    @inlinable
    package static func == (left: Self, right: Self) -> Bool { left.rawValue == right.rawValue }

    /// The reactor the session lives on.
    package var reactor: UInt16 { UInt16(truncatingIfNeeded: rawValue >> 48) }

    /// The place of the session in its reactor's registry, 24 bits.
    package var slot: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 24) & 0xFF_FFFF }

    /// How often that place had been used before, 24 bits.
    package var generation: UInt32 { UInt32(truncatingIfNeeded: rawValue) & 0xFF_FFFF }
}

/// The Subscription Options byte as it is on the wire (5.0 section 3.8.3.1).
package struct SubscriptionOptions: Sendable, Equatable, BitwiseCopyable {
    /// Bits 0-1 QoS, 2 No Local, 3 Retain As Published, 4-5 Retain Handling.
    package var rawValue: UInt8

    /// Takes the byte as received; the reserved bits are not looked at here.
    @inlinable  // Made for every delivery, by another module.
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The maximum QoS the server may send with [MQTT-3.8.4-8].
    @inlinable  // Read for every delivery, by another module.
    package var qualityOfService: UInt8 {
        get { rawValue & 0x03 }
        set { rawValue = rawValue & ~0x03 | newValue & 0x03 }
    }

    /// A message is not sent back to the client it came from [MQTT-3.8.3-3].
    @inlinable  // Read for every delivery, by another module.
    package var isNoLocal: Bool {
        get { rawValue & 0x04 != 0 }
        set { rawValue = newValue ? rawValue | 0x04 : rawValue & ~0x04 }
    }

    /// The RETAIN flag is sent on as it was published [MQTT-3.3.1-13].
    @inlinable  // Read for every delivery, by another module.
    package var isRetainAsPublished: Bool {
        get { rawValue & 0x08 != 0 }
        set { rawValue = newValue ? rawValue | 0x08 : rawValue & ~0x08 }
    }

    /// When retained messages are sent: 0 always, 1 if the subscription is new, 2 never.
    package var retainHandling: UInt8 {
        get { rawValue >> 4 & 0x03 }
        set { rawValue = rawValue & ~0x30 | (newValue & 0x03) << 4 }
    }
}

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
