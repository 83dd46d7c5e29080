// SPDX-License-Identifier: Apache-2.0
// Each sync is in the bucket of its duration.

import Testing

@testable import Persist

@Suite("Durations of syncs")
struct SyncDurationsTests {
    @Test("A duration counts up to its bound, and in the next bucket beyond")
    func bounds() {
        let bounds = SyncDurations.boundsNanoseconds
        #expect(bounds == bounds.sorted() && Set(bounds).count == bounds.count)
        for (place, bound) in bounds.enumerated() {
            for (duration, bucket) in [(bound - 1, place), (bound, place), (bound + 1, place + 1)] {
                var durations = SyncDurations()
                durations.note(duration)
                #expect(durations.counts.firstIndex(of: 1) == bucket, "\(duration)")
                #expect(durations.count == 1 && durations.lastNanoseconds == duration)
            }
        }
    }

    @Test("Sums go on, also with none that took any time")
    func sums() {
        var durations = SyncDurations()
        #expect(durations.count == 0 && durations.totalNanoseconds == 0)
        for duration in [0, 7, 1 << 40] as [Int64] { durations.note(duration) }
        #expect(durations.count == 3 && durations.totalNanoseconds == 7 + (1 << 40))
        #expect(durations.lastNanoseconds == 1 << 40)
    }
}
