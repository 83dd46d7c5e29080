// SPDX-License-Identifier: Apache-2.0
// The options of a subscription, as the index keeps them.

/// The Subscription Options byte as it is on the wire (5.0 section 3.8.3.1).
package struct SubscriptionOptions: Sendable, Equatable, BitwiseCopyable {
    /// Bits 0-1 QoS, 2 No Local, 3 Retain As Published, 4-5 Retain Handling.
    package var rawValue: UInt8

    /// Takes the byte as received; the reserved bits are not looked at here.
    @inlinable  // Made for every delivery, by another module.
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The maximum QoS the server may send with [MQTT-3.8.4-8].
    /// [MQTT311-3.8.4-6]
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
    /// [MQTT-3.3.1-12] [MQTT311-3.3.1-9]
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
