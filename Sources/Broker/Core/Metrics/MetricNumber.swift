// SPDX-License-Identifier: Apache-2.0
// What a metric says: a number, or observations.

/// One number.
enum MetricNumber: Sendable, Equatable {
    case integer(Int64)
    case real(Double)

    /// A count; what does not fit stays at the largest number.
    static func count(_ count: UInt64) -> MetricNumber { .integer(Int64(clamping: count)) }

    /// A number of things.
    static func count(_ count: Int) -> MetricNumber { .integer(Int64(count)) }

    /// 1 for true.
    static func flag(_ flag: Bool) -> MetricNumber { .integer(flag ? 1 : 0) }

    /// Nanoseconds as seconds.
    static func seconds(nanoseconds: some BinaryInteger) -> MetricNumber {
        .real(Double(nanoseconds) / 1e9)
    }
}

/// Observations by size.
struct MetricHistogram: Sendable, Equatable {
    /// The upper bounds of all buckets but the last, rising; in the family's unit.
    let bounds: [Double]
    /// How many observations each bucket has by itself; one more than there are bounds.
    let counts: [UInt64]
    /// The sum of all observations.
    let sum: Double

    init(bounds: [Double], counts: [UInt64], sum: Double) {
        precondition(counts.count == bounds.count + 1, "the last bucket has no bound")
        self.bounds = bounds
        self.counts = counts
        self.sum = sum
    }
}
