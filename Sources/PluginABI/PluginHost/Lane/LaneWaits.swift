// SPDX-License-Identifier: Apache-2.0
// How long requests wait for the plugin thread.

import Synchronization

/// How long the first request of each batch had waited when the plugin thread took it.
///
/// Written by that thread, read by any.
final class LaneWaits: Sendable {
    /// The upper bounds of all buckets but the last, in nanoseconds, rising.
    static let boundsNanoseconds: [Int64] = [
        100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000,
    ]

    private let counts = InlineArray<7, Atomic<UInt64>> { _ in Atomic(0) }
    private let nanoseconds = Atomic<UInt64>(0)

    init() {
        assert(counts.count == Self.boundsNanoseconds.count + 1, "the last bucket has no bound")
    }

    /// One has waited so long.
    func note(_ duration: Int64) {
        let bounds = Self.boundsNanoseconds
        counts[bounds.firstIndex { duration <= $0 } ?? bounds.count].add(1, ordering: .relaxed)
        nanoseconds.add(UInt64(max(0, duration)), ordering: .relaxed)
    }

    /// How many fell into each bucket, by itself.
    var histogram: [UInt64] { counts.indices.map { counts[$0].load(ordering: .relaxed) } }

    /// Nanoseconds of all waits.
    var total: UInt64 { nanoseconds.load(ordering: .relaxed) }
}
