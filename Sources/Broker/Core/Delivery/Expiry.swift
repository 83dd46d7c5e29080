// SPDX-License-Identifier: Apache-2.0
// When an application message becomes void [MQTT-3.3.2-5].

/// The end of a message, kept with it as a second of the reactor clock; 0 is never.
///
/// A message is void once that second is over: an interval of one second has certainly passed then,
/// and a message that is delivered within it tells its receiver of 0 seconds or more [MQTT-3.3.2-6].
package enum Expiry {
    /// The end of a message that has no Message Expiry Interval.
    package static let never: Int64 = 0

    /// The end of a message that came at second `now` with an interval.
    ///
    /// None, 0 and the largest one say that it never ends.
    package static func second(after interval: UInt32?, from now: Int64) -> Int64 {
        guard let interval, interval != 0, interval != .max else { return never }
        return now + Int64(interval)
    }

    /// Whether a message with this end is void at second `now`.
    @inline(__always)
    static func hasPassed(_ second: Int64, at now: Int64) -> Bool {
        second != never && now > second
    }

    /// The interval its receiver is told at second `now`; `untold` where none is sent.
    @inline(__always)
    static func remainingSeconds(_ second: Int64, at now: Int64) -> UInt32 {
        second == never ? untold : UInt32(clamping: max(0, second - now))
    }

    /// No receiver is told this interval: it means that a message never ends.
    static let untold = UInt32.max
}
