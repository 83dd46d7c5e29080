// SPDX-License-Identifier: Apache-2.0
// How long the turns of a reactor take.

import Synchronization

/// What is counted of a reactor's turns.
///
/// Written by whoever drives the reactor, one thread at a time, with plain loads and stores; read by
/// any thread. Costs a few instructions for each turn, nothing for what happens in it.
package final class TurnFigures: Sendable {
    /// The upper bounds of all buckets but the last, in nanoseconds, rising.
    package static let boundsNanoseconds: [Int64] = [
        100_000, 500_000, 1_000_000, 5_000_000, 10_000_000, 50_000_000, 100_000_000,
        500_000_000, 1_000_000_000,
    ]

    private let counts = InlineArray<10, Atomic<UInt64>> { _ in Atomic(0) }
    private let busyNanoseconds = Atomic<UInt64>(0)
    private let beganAt = Atomic<Int64>(0)

    package init() {
        assert(counts.count == Self.boundsNanoseconds.count + 1, "the last bucket has no bound")
    }

    /// A turn has something to do.
    @inline(__always)
    func begin(at nanoseconds: Int64) { beganAt.store(nanoseconds, ordering: .relaxed) }

    /// The turn is over, after so many nanoseconds.
    func end(after nanoseconds: Int64) {
        beganAt.store(0, ordering: .relaxed)
        Self.add(UInt64(max(0, nanoseconds)), to: busyNanoseconds)
        Self.add(1, to: counts[Self.bucket(nanoseconds)])
    }

    /// A chain of comparisons, of which usually the first one holds.
    private static func bucket(_ nanoseconds: Int64) -> Int {
        switch nanoseconds {
        case ...100_000: 0
        case ...500_000: 1
        case ...1_000_000: 2
        case ...5_000_000: 3
        case ...10_000_000: 4
        case ...50_000_000: 5
        case ...100_000_000: 6
        case ...500_000_000: 7
        case ...1_000_000_000: 8
        default: 9
        }
    }

    private static func add(_ amount: UInt64, to word: borrowing Atomic<UInt64>) {
        word.store(word.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }

    /// When the turn began that is under way, by `Clock.monotonicNanoseconds`; nil: none is.
    package var busySince: Int64? {
        let began = beganAt.load(ordering: .relaxed)
        return began == 0 ? nil : began
    }

    /// Nanoseconds of all turns.
    package var busy: UInt64 { busyNanoseconds.load(ordering: .relaxed) }

    /// How many turns fell into each bucket, by itself.
    package var histogram: [UInt64] {
        counts.indices.map { counts[$0].load(ordering: .relaxed) }
    }
}
