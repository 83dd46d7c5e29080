// SPDX-License-Identifier: Apache-2.0
// How the handshakes of a listener go.

import Synchronization

/// What is counted of a listener's handshakes, and outlives its certificates.
///
/// Any thread.
package final class TLSFigures: Sendable {
    /// The upper bounds of all buckets but the last, in nanoseconds, rising.
    package static let boundsNanoseconds: [Int64] = [
        1_000_000, 5_000_000, 10_000_000, 50_000_000, 100_000_000, 500_000_000, 1_000_000_000,
        5_000_000_000,
    ]

    private let counts = InlineArray<9, Atomic<UInt64>> { _ in Atomic(0) }
    private let nanoseconds = Atomic<UInt64>(0)
    private let failures = Atomic<UInt64>(0)

    package init() {
        assert(counts.count == Self.boundsNanoseconds.count + 1, "the last bucket has no bound")
    }

    /// A handshake was done so long after the first bytes of its client.
    func noteDone(after duration: Int64) {
        let bounds = Self.boundsNanoseconds
        let bucket = bounds.firstIndex { duration <= $0 } ?? bounds.count
        counts[bucket].add(1, ordering: .relaxed)
        nanoseconds.add(UInt64(max(0, duration)), ordering: .relaxed)
    }

    /// A handshake has failed.
    func noteFailure() { failures.add(1, ordering: .relaxed) }

    /// Handshakes that have failed.
    package var failureCount: UInt64 { failures.load(ordering: .relaxed) }

    /// Handshakes that were done, by how long they took, each bucket by itself.
    package var histogram: [UInt64] {
        counts.indices.map { counts[$0].load(ordering: .relaxed) }
    }

    /// How long all of those took.
    package var totalNanoseconds: UInt64 { nanoseconds.load(ordering: .relaxed) }
}
