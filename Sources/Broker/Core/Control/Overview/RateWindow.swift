// SPDX-License-Identifier: Apache-2.0
// How much there is in a second, as of the last time somebody asked.

/// What counters had when somebody asked, and rates between then and now; pure.
///
/// A rate is that since the oldest look of the last minute that is at least a second ago, or, if nobody
/// has looked since, since the start.
struct RateWindow {
    /// What is counted.
    struct Sample: Equatable, Sendable {
        /// Milliseconds of a clock that never goes back.
        var milliseconds: Int64 = 0
        var messagesReceived: UInt64 = 0
        var messagesSent: UInt64 = 0
        var messagesDropped: UInt64 = 0
        var bytesReceived: UInt64 = 0
        var bytesSent: UInt64 = 0
        var connects: UInt64 = 0
    }

    /// What there was in a second, on the average.
    struct Rates: Equatable, Sendable {
        /// So many seconds were looked at.
        var seconds = 0.0
        var messagesReceived = 0.0
        var messagesSent = 0.0
        var messagesDropped = 0.0
        var bytesReceived = 0.0
        var bytesSent = 0.0
        var connects = 0.0
    }

    private static let lookedBackMilliseconds: Int64 = 60_000
    private static let distanceMilliseconds: Int64 = 1000

    private var samples: [Sample] = []

    /// Notes a look; returns the rates until then.
    ///
    /// `start`: when everything was 0.
    mutating func look(_ sample: Sample, start: Int64) -> Rates {
        samples.removeAll { $0.milliseconds < sample.milliseconds - Self.lookedBackMilliseconds }
        let base = samples.first.flatMap {
            sample.milliseconds - $0.milliseconds >= Self.distanceMilliseconds ? $0 : nil
        }
        let last = samples.last?.milliseconds ?? .min
        if samples.isEmpty || sample.milliseconds - last >= Self.distanceMilliseconds {
            samples.append(sample)
        }
        return Self.rates(from: base ?? Sample(milliseconds: start), to: sample)
    }

    private static func rates(from old: Sample, to new: Sample) -> Rates {
        let seconds = max(0.001, Double(new.milliseconds - old.milliseconds) / 1000)
        func rate(_ path: KeyPath<Sample, UInt64>) -> Double {
            let count = Double(new[keyPath: path] &- old[keyPath: path])
            return (count / seconds * 100).rounded() / 100
        }
        return Rates(
            seconds: seconds,
            messagesReceived: rate(\.messagesReceived),
            messagesSent: rate(\.messagesSent),
            messagesDropped: rate(\.messagesDropped),
            bytesReceived: rate(\.bytesReceived),
            bytesSent: rate(\.bytesSent),
            connects: rate(\.connects)
        )
    }
}
