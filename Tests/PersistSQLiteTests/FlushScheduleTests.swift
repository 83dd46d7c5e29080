// SPDX-License-Identifier: Apache-2.0
// When commits are due, with a clock made up for it.

import Testing

@testable import PersistSQLite

@Suite("Persistence in SQLite: when to commit")
struct FlushScheduleTests {
    @Test("Commits that come late do not put off those behind them")
    func grid() {
        var schedule = FlushSchedule(seconds: 5, from: 1000)
        #expect(!schedule.isDue(at: 5999) && schedule.isDue(at: 6000))
        #expect(schedule.wait(at: 1001, isBusy: true) == 4999)
        schedule.noteFlush(at: 6040)
        #expect(schedule.wait(at: 6041, isBusy: false) == 4959)
        #expect(!schedule.isDue(at: 10_999) && schedule.isDue(at: 11_000))
    }

    @Test("Who is late by a whole period begins anew")
    func late() {
        var schedule = FlushSchedule(seconds: 1, from: 0)
        schedule.noteFlush(at: 3500)
        #expect(!schedule.isDue(at: 4499) && schedule.isDue(at: 4500))
    }

    @Test("Changes without an end are committed in time")
    func amidChanges() {
        var schedule = FlushSchedule(seconds: 1, from: 0)
        var now: Int64 = 0
        var commits: [Int64] = []
        // A tick never comes; a change takes 0.1 ms.
        for step in 1...100_000 {
            now = Int64(step / 10)
            if schedule.noteChange(), schedule.isDueAmidChanges(at: now) {
                schedule.noteFlush(at: now)
                commits.append(now)
            }
        }
        #expect(commits.count >= 9)
        for (index, commit) in commits.enumerated() {
            let wanted = Int64(index + 1) * 1000
            #expect(commit >= wanted && commit < wanted + 50)
        }
    }

    @Test("With a period of 0 a commit comes at once, and amid changes after a while")
    func atOnce() {
        var schedule = FlushSchedule(seconds: 0, from: 0)
        #expect(schedule.isDue(at: 1) && !schedule.isDueAmidChanges(at: 1))
        #expect(schedule.isDueAmidChanges(at: 20))
        schedule.noteFlush(at: 20)
        #expect(!schedule.isDue(at: 20) && schedule.isDue(at: 21))
        #expect(schedule.wait(at: 20, isBusy: true) == 1)
        #expect(schedule.wait(at: 20, isBusy: false) == 20)
    }
}
