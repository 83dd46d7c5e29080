// SPDX-License-Identifier: Apache-2.0
// The options byte of a subscription as it is on the wire.

/// The options byte of a subscription (5.0 section 3.8.3.1); before 5.0 the requested QoS alone.
package struct SubscriptionOptions: RawRepresentable, Sendable, Equatable, Hashable {
    /// The byte on the wire.
    package let rawValue: UInt8

    /// Takes the byte on the wire.
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Makes options from their parts.
    package init(
        qos: UInt8,
        isNoLocal: Bool = false,
        isRetainAsPublished: Bool = false,
        retainHandling: UInt8 = 0
    ) {
        rawValue =
            qos & 3 | (isNoLocal ? 4 : 0) | (isRetainAsPublished ? 8 : 0) | (retainHandling & 3)
            << 4
    }

    /// The maximum QoS the client wants.
    package var qos: UInt8 { rawValue & 3 }
    /// Whether the client's own messages are not sent back to it.
    package var isNoLocal: Bool { rawValue & 4 != 0 }
    /// Whether live messages keep their RETAIN flag.
    package var isRetainAsPublished: Bool { rawValue & 8 != 0 }
    /// 0 send retained messages, 1 only for a new subscription, 2 never.
    package var retainHandling: UInt8 { rawValue >> 4 & 3 }
}
