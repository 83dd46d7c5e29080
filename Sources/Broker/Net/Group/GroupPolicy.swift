// SPDX-License-Identifier: Apache-2.0
// When reactors share a thread, and when they part.

/// What a thread did in a while, in processors: 1 is one that does nothing else.
struct ThreadLoad: Equatable {
    /// Time spent outside of waiting for events.
    var busy = 0.0
    /// Processor time used.
    var processor = 0.0
    /// Time spent ready to run while others had the processor.
    var queued = 0.0
}

/// Decides which reactors share the thread of the first one, from what their threads report.
///
/// Every thread that is awake reports its load after each `LoadMeter.window`. What is decided must
/// hold in several reports in a row. All times are nanoseconds of the monotonic clock.
struct GroupPolicy {
    /// A reactor joins where the shared thread and its own are together busy for less than this.
    static let fitting = 0.6
    /// The group splits when its thread is busy for more than this.
    static let saturated = 0.95
    /// Split, the reactors must get this many times what the shared thread alone got.
    static let gain = 1.2
    /// Threads that wait this long for processors, all together, take them from one another.
    static let contended = 0.25
    /// Reports after which the group splits: a burst is over sooner.
    private static let splittingStreak = 4
    /// Reports after which a reactor joins: threads that split in vain lose time until then.
    private static let joiningStreak = 2
    /// A report that is older says nothing of the present: a thread that is awake would have made
    /// several since.
    private static let shelfLife = 10 * LoadMeter.window
    /// How long the group stays together after it has split in vain; twice as long each time, up to
    /// five times in a row.
    private static let pauseMin: Int64 = 1_000_000_000
    private static let pauseMax = pauseMin << 5

    private struct Report {
        var load = ThreadLoad()
        var time = Int64.min
        /// How often in a row the same was to be decided.
        var streak = 0
    }

    private var reports: [Report]
    /// What the shared thread got when it had no time left.
    private var sharedThreadGot = 1.0
    private var splitAt = Int64.min
    /// The group does not split again before.
    private var splittingAllowedAt = Int64.min
    private var pause = pauseMin

    init(reactorCount: Int) {
        reports = Array(repeating: Report(), count: reactorCount)
    }

    /// Takes the report of the first reactor's thread; true when those who share it are to leave.
    mutating func splits(_ load: ThreadLoad, isAlone: Bool, now: Int64) -> Bool {
        reports[0].load = load
        reports[0].time = now
        guard !isAlone, load.busy >= Self.saturated, now >= splittingAllowedAt else {
            reports[0].streak = 0
            return false
        }
        reports[0].streak += 1
        guard reports[0].streak == Self.splittingStreak else { return false }
        reports[0].streak = 0
        sharedThreadGot = load.processor
        splitAt = now
        for index in reports.indices { reports[index].time = .min }
        return true
    }

    /// Takes the report of another reactor's thread; true when the reactor is to join.
    mutating func joins(_ index: Int, _ load: ThreadLoad, now: Int64) -> Bool {
        reports[index].load = load
        reports[index].time = now
        let fits = self.fits(load, now)
        guard fits || isSplittingVain(now) else {
            reports[index].streak = 0
            return false
        }
        reports[index].streak += 1
        guard reports[index].streak == Self.joiningStreak else { return false }
        reports[index].streak = 0
        if !fits { noteSplitInVain(now) }
        splitAt = .min
        // The shared thread has that much more to do, and the next to ask must know.
        reports[0].load.busy += load.busy
        reports[0].time = now
        reports[index].time = .min
        return true
    }

    private func fits(_ load: ThreadLoad, _ now: Int64) -> Bool {
        let shared = isFresh(reports[0], now) ? reports[0].load.busy : 0
        return shared + load.busy < Self.fitting
    }

    /// Whether the threads take the processors from one another and get no more than one would.
    private func isSplittingVain(_ now: Int64) -> Bool {
        var all = ThreadLoad()
        for report in reports where isFresh(report, now) {
            all.processor += report.load.processor
            all.queued += report.load.queued
        }
        return all.queued >= Self.contended && all.processor < Self.gain * sharedThreadGot
    }

    private func isFresh(_ report: Report, _ now: Int64) -> Bool {
        report.time != .min && now - report.time <= Self.shelfLife
    }

    /// A split that brought nothing is not tried again at once, and if it was soon over each time
    /// later.
    private mutating func noteSplitInVain(_ now: Int64) {
        guard splitAt != .min else { return }
        let isShort = now - splitAt < 2 * Self.pauseMin
        pause = isShort ? min(2 * pause, Self.pauseMax) : Self.pauseMin
        splittingAllowedAt = now + pause
    }
}
