// SPDX-License-Identifier: Apache-2.0
// When the next commit is due.

/// When the next commit is due: at the ends of periods that follow each other without drifting.
///
/// Whoever changes the database much has to ask as well, not the clock's tick alone: a tick comes behind the changes
/// that wait, however many those are.
struct FlushSchedule {
    /// With a period of 0 a commit comes as soon as there is something: this long after the last one, in milliseconds.
    private static let soonest: Int64 = 1
    /// Amid changes in a row, which come one behind the other, it waits longer: a commit costs more than a change.
    private static let soonestAmidChanges: Int64 = 20
    /// With a period of 0, milliseconds until the next look while there is nothing to do.
    private static let idleInterval: Int64 = 20
    /// Changes in a row after which the clock is looked at.
    private static let changesPerLook = 64

    private let period: Int64
    private var dueAt: Int64
    private var lastAt: Int64
    private var changeCount = 0

    /// Periods of so many seconds from a moment on, in milliseconds.
    init(seconds: Int, from now: Int64) {
        period = Int64(seconds) * 1000
        dueAt = now + max(Self.soonest, period)
        lastAt = now
    }

    /// Notes a change; whether the clock is to be looked at.
    mutating func noteChange() -> Bool {
        changeCount += 1
        guard changeCount >= Self.changesPerLook else { return false }
        changeCount = 0
        return true
    }

    /// Whether a commit is due amid changes.
    func isDueAmidChanges(at now: Int64) -> Bool {
        period > 0 ? now >= dueAt : now - lastAt >= Self.soonestAmidChanges
    }

    /// Whether a commit is due.
    func isDue(at now: Int64) -> Bool { now >= dueAt }

    /// A commit begins; who is late by a whole period begins anew.
    mutating func noteFlush(at now: Int64) {
        lastAt = now
        guard period > 0 else {
            dueAt = now + Self.soonest
            return
        }
        dueAt += period
        if dueAt <= now { dueAt = now + period }
        assert(dueAt > now, "the next one is to come")
    }

    /// Milliseconds until the next look.
    func wait(at now: Int64, isBusy: Bool) -> Int64 {
        period > 0 ? max(1, dueAt - now) : isBusy ? Self.soonest : Self.idleInterval
    }
}
