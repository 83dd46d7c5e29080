// SPDX-License-Identifier: Apache-2.0
// How mosquitto_rr --latency writes a time.

/// A span of time as `--latency` prints it.
package enum LatencyText {
    /// `Nns`, `N.NNNNNNµs`, `N.NNNNNNms`, or seconds with nine digits behind the point.
    package static func text(nanoseconds: Int) -> String {
        assert(nanoseconds >= 0, "an answer comes after its request")
        switch nanoseconds {
        case ..<1000: return "Latency: \(nanoseconds)ns"
        case ..<1_000_000:
            let fraction = nanoseconds % 1000 * 1000
            return "Latency: \(nanoseconds / 1000).\(digits(fraction, 6))µs"
        case ..<1_000_000_000:
            return "Latency: \(nanoseconds / 1_000_000).\(digits(nanoseconds % 1_000_000, 6))ms"
        default:
            let fraction = digits(nanoseconds % 1_000_000_000, 9)
            return "Latency: \(nanoseconds / 1_000_000_000).\(fraction)"
        }
    }

    private static func digits(_ number: Int, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
}
