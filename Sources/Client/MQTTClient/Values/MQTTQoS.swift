// SPDX-License-Identifier: Apache-2.0
// How surely a message arrives.

/// The quality of service of a message (5.0 section 4.3).
public enum MQTTQoS: UInt8, Sendable, Hashable, Comparable, CaseIterable {
    /// Sent once, and perhaps lost with the connection.
    case atMostOnce = 0
    /// Sent until the receiver has acknowledged it; may arrive more than once.
    case atLeastOnce = 1
    /// Arrives once, for two round trips.
    case exactlyOnce = 2

    /// By how much they promise.
    public static func < (left: MQTTQoS, right: MQTTQoS) -> Bool { left.rawValue < right.rawValue }
}
