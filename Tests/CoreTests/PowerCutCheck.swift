// SPDX-License-Identifier: Apache-2.0
// Reads what a disk has after cuts, and compares it with the ledger.

import LogTestSupport

@testable import Persist

/// Cuts the power at chosen moments of a run.
struct PowerCutCheck {
    private let run: PowerCutScene.Outcome
    private let syncing: LogSyncing
    private var dice: LogDice
    /// What there is between any two frames.
    private var known: Set<PowerCutPicture> = []
    private(set) var complaints: [String] = []
    /// Records that had nothing to be about.
    private(set) var strays: [String] = []

    init(_ run: PowerCutScene.Outcome, _ syncing: LogSyncing, _ dice: LogDice) {
        self.run = run
        self.syncing = syncing
        self.dice = dice
    }

    /// Segments that were removed: the sign of a checkpoint.
    var checkpointCount: Int {
        run.steps.count { if case .remove = $0 { true } else { false } }
    }

    /// The broker is killed after a step, and between any two frames of the write that is next.
    mutating func killed(after cut: Int) throws {
        try read(PowerCut.contents(after: run.steps[..<cut], leaving: .all), cut, isKilled: true)
        guard cut < run.steps.count, case .append(let name, let bytes) = run.steps[cut] else {
            return
        }
        var contents = PowerCut.contents(after: run.steps[..<cut], leaving: .all)
        let whole = (contents[name] ?? []) + bytes
        for end in frameEnds(of: whole) where end > contents[name]?.count ?? 0 {
            contents[name] = Array(whole[..<end])
            try read(contents, cut, isKilled: true)
        }
    }

    /// The last writes that no sync covers are missing: one, two and so on.
    mutating func suffixes(after cut: Int) throws {
        var before = PowerCut.contents(after: run.steps[..<cut], leaving: .all)
        for count in 1... {
            let rest = PowerCut.Rest.allButLast(writes: count)
            let contents = PowerCut.contents(after: run.steps[..<cut], leaving: rest)
            if contents == before { break }
            try read(contents, cut)
            before = contents
        }
        let synced = PowerCut.contents(after: run.steps[..<cut], leaving: .nothing)
        if synced != before { try read(synced, cut) }
    }

    /// Blocks are missing by chance.
    mutating func random() throws {
        let cut = run.firstCut + dice.roll(run.steps.count - run.firstCut + 1)
        let rest = PowerCut.Rest.random(LogDice(seed: dice.next()))
        let contents = PowerCut.contents(after: run.steps[..<cut], leaving: rest)
        let picture = try read(contents, cut)
        if !known.contains(picture) { complaints.append("cut \(cut): what never was so") }
    }

    @discardableResult
    private mutating func read(
        _ contents: [String: [UInt8]],
        _ cut: Int,
        isKilled: Bool = false
    ) throws -> PowerCutPicture {
        let reading = LogReading(boot: isKilled ? 1 : 2)
        let log = try RecoveredLog.read(MemoryFiles(contents), reading, newLog: 7)
        if log.missingCount > 0 { complaints.append("cut \(cut): \(log.missingCount) missing") }
        if let stray = log.firstStray, strays.count < 5 { strays.append("cut \(cut): \(stray)") }
        let picture = PowerCutPicture(log)
        if isKilled { known.insert(picture) }
        complaints += run.ledger.complaints(
            picture,
            cut: cut,
            isPromised: isKilled || syncing == .always
        )
        .map { "cut \(cut): \($0)" }
        return picture
    }
}
