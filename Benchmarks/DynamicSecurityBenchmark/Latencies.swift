// SPDX-License-Identifier: Apache-2.0
// Durations, and what to say of them.

import Foundation

/// Durations in milliseconds.
struct Latencies {
    private var values: [Double] = []

    mutating func add(_ milliseconds: Double) { values.append(milliseconds) }

    /// The middle, the 99th percentile and the largest.
    var text: String {
        let sorted = values.sorted()
        guard let last = sorted.last else { return "nothing measured" }
        func at(_ share: Double) -> Double {
            sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
        }
        return String(
            format: "p50 %.2f ms, p99 %.2f ms, max %.2f ms (%d)",
            at(0.5),
            at(0.99),
            last,
            sorted.count
        )
    }
}
