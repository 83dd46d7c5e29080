// SPDX-License-Identifier: Apache-2.0
// How long the disk was waited for.

/// How long syncs have taken: a histogram, as those who watch a disk want it.
package struct SyncDurations: Sendable, Equatable {
    /// The upper bounds of all buckets but the last one, in nanoseconds, rising.
    package static let boundsNanoseconds: [Int64] = [
        250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000,
        100_000_000, 250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000, 10_000_000_000,
    ]

    /// How many took at most as long as the bound in the same place says and longer than the one
    /// before; the last one has those that took longer than all bounds.
    package private(set) var counts = [UInt64](repeating: 0, count: boundsNanoseconds.count + 1)
    /// How long all of them took together, and the last one.
    package private(set) var totalNanoseconds: Int64 = 0
    package private(set) var lastNanoseconds: Int64 = 0

    package init() {}

    /// How many there were.
    package var count: UInt64 { counts.reduce(0, +) }

    /// One has taken so long.
    package mutating func note(_ nanoseconds: Int64) {
        assert(nanoseconds >= 0, "the clock never goes back")
        let bounds = Self.boundsNanoseconds
        counts[bounds.firstIndex { nanoseconds <= $0 } ?? bounds.count] += 1
        totalNanoseconds += nanoseconds
        lastNanoseconds = nanoseconds
    }
}
