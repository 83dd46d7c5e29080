// SPDX-License-Identifier: Apache-2.0
// Time passes.

internal import CMosquitto
internal import Glibc

/// Time passes.
///
/// Brokers call about ten times a second unless asked for less.
public struct TickEvent: PluginEvent, ~Copyable {
    private let data: UnsafeMutablePointer<mosquitto_evt_tick>
    private let isHeeded: Bool

    /// Seconds since 1970.
    public let secondsSince1970: Int

    /// Asks not to be called before this time has passed.
    ///
    /// Brokers older than 2.1 do not heed it.
    public mutating func callAgain(afterMilliseconds milliseconds: Int) {
        guard isHeeded, milliseconds >= 0 else { return }
        data.pointee.next_s = time_t(milliseconds / 1000)
        data.pointee.next_ms = milliseconds % 1000
    }

    /// Brokers do not look at the result.
    public static var neutralResult: Int32 { ResultCode.success.rawValue }

    /// Runs a closure; one that throws is logged.
    public static func deliver(
        _ data: UnsafeMutableRawPointer,
        number: Int32,
        broker: Broker,
        to body: (inout Self) throws -> Void
    ) -> Int32 {
        let data = data.assumingMemoryBound(to: mosquitto_evt_tick.self)
        // The original 2.0 leaves the time out.
        let now = data.pointee.now_s == 0 ? time(nil) : data.pointee.now_s
        var event = Self(data: data, isHeeded: broker.host.isAtLeast2_1, secondsSince1970: Int(now))
        do { try body(&event) } catch { broker.report(error, in: "tick") }
        return neutralResult
    }
}
