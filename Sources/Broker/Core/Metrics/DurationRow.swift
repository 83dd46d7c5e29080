// SPDX-License-Identifier: Apache-2.0
// Durations counted by size.

/// Durations that one thread counts and any thread reads.
struct DurationRow<let count: Int>: ~Copyable, Sendable {
    /// By bucket.
    private let counts = CounterRow<count>()
    private let nanoseconds = Counter()

    /// Adds so many durations; only on the owner's thread.
    func add(_ duration: Int64, _ amount: Int, _ bounds: [Int64]) {
        assert(bounds.count + 1 == count, "the last bucket has no bound")
        counts.add(bounds.firstIndex { duration <= $0 } ?? bounds.count, amount)
        nanoseconds.add(Int(duration) &* amount)
    }

    /// How many durations a bucket has, by itself.
    func current(_ bucket: Int) -> UInt64 { counts.current(bucket) }

    /// Nanoseconds of all of them.
    var total: UInt64 { nanoseconds.current }
}
