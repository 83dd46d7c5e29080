// SPDX-License-Identifier: Apache-2.0
// How long a client waits before it connects again.

/// The times between attempts: each twice the last one, up to a maximum.
struct Backoff {
    private let minimum: Int64
    private let maximum: Int64
    private let jitter: Double
    private var current: Int64

    /// Begins with the shortest time.
    init(_ plan: MQTTReconnection) {
        minimum = max(1, plan.minimum.wholeMilliseconds)
        maximum = max(minimum, plan.maximum.wholeMilliseconds)
        jitter = min(1, max(0, plan.jitter))
        current = minimum
    }

    /// Milliseconds before the next attempt; `chance` is from 0 up to 1.
    mutating func next(chance: Double = .random(in: 0..<1)) -> Int64 {
        defer { current = min(maximum, 2 * min(current, maximum / 2 + 1)) }
        return current - Int64(Double(current) * jitter * chance)
    }

    /// The server has accepted the client.
    mutating func reset() { current = minimum }
}

extension Duration {
    /// The duration in milliseconds, as far as those can be counted.
    var wholeMilliseconds: Int64 {
        let parts = components
        guard parts.seconds < Int64.max / 2000, parts.seconds > Int64.min / 2000 else {
            return parts.seconds > 0 ? .max / 2 : 0
        }
        return parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000
    }
}
