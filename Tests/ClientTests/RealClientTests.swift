// SPDX-License-Identifier: Apache-2.0
// Clients other people wrote, in numbers: bursts beyond the windows, cut connections, large messages.

import Foundation
import TestSupport
import Testing

/// `$CLIENTS=all` runs every client with every number of reactors, and longer; `$CLIENTS_SEED` repeats the cuts of a run.
@Suite("Real clients")
struct RealClientTests {
    /// A client, a version and a number of reactors.
    struct Case: Sendable, CustomTestStringConvertible {
        let program: ClientProgram
        let version: Int
        let workers: Int

        var testDescription: String { "\(program.name), version \(version), \(workers) reactors" }
    }

    static let isLong = ProcessInfo.processInfo.environment["CLIENTS"] == "all"
    static let seed =
        UInt64(ProcessInfo.processInfo.environment["CLIENTS_SEED"] ?? "")
        ?? UInt64.random(in: 1...1_000_000)

    /// Everything with everything in the long run, else each client and version once.
    static let cases = ClientProgram.all.flatMap { program in
        program.versions.map { (program, $0) }
    }.enumerated().flatMap { index, pair in
        let counts = Broker.reactorCounts
        let chosen = isLong ? counts : [counts[index % counts.count]]
        return chosen.map { Case(program: pair.0, version: pair.1, workers: $0) }
    }

    init() { _ = Self.atEnd }
    private static let atEnd: Void = { _ = atexit { ClientProgram.cleanUp() } }()

    @Test(
        "A burst beyond the windows arrives once and in order",
        .timeLimit(.minutes(Self.isLong ? 30 : 3)),
        arguments: cases
    )
    func burst(_ row: Case) throws {
        let program = row.program
        let count = Self.isLong ? program.burst.long : program.burst.short
        try ClientRun(program: program, version: row.version, workers: row.workers, count: count)
            .run()
    }

    @Test(
        "What is cut in the middle of a burst goes on exactly once",
        .timeLimit(.minutes(Self.isLong ? 30 : 3)),
        arguments: cases.filter { $0.program.publishesOn || $0.program.receivesOn }
    )
    func cut(_ row: Case) throws {
        let rounds = Self.isLong ? 10 : 1
        for round in 0..<rounds {
            let seed = Self.seed &+ UInt64(round)
            var run = ClientRun(
                program: row.program,
                version: row.version,
                workers: row.workers,
                count: min(row.program.burst.short, 300),
                receiveWindow: 20
            )
            var dice = SplitMix64(seed: seed)
            // A publication takes 60 to 80 bytes, its acknowledgements 4 to 8 each.
            let unit = run.count * 2
            if row.program.publishesOn {
                run.cuts.publisher = Self.cuts(&dice, acknowledgements: unit, isPublisher: true)
            }
            if row.program.receivesOn {
                run.cuts.receiver = Self.cuts(&dice, acknowledgements: unit, isPublisher: false)
            }
            do { try run.run() } catch {
                Issue.record("with CLIENTS_SEED=\(seed) and \(run.cuts): \(error)")
            }
        }
    }

    /// Three cuts in the first half of a burst; before the first one there is time to subscribe.
    private static func cuts(
        _ dice: inout SplitMix64,
        acknowledgements: Int,
        isPublisher: Bool
    ) -> [CuttingLink.Cut] {
        (0..<3).map { index in
            let isOfPublications = dice.next(below: 2) == 0
            let most = isOfPublications ? acknowledgements * 4 : acknowledgements / 2
            let least = index == 0 ? 150 : 40
            return CuttingLink.Cut(
                isFromClient: isOfPublications == isPublisher,
                byteCount: least + dice.next(below: most)
            )
        }
    }

    @Test(
        "Large messages arrive whole",
        .timeLimit(.minutes(Self.isLong ? 30 : 3)),
        arguments: cases
    )
    func large(_ row: Case) throws {
        var run = ClientRun(
            program: row.program,
            version: row.version,
            workers: row.workers,
            count: 4,
            size: 1_000_000
        )
        try run.run()
        guard Self.isLong else { return }
        run = ClientRun(
            program: row.program,
            version: row.version,
            workers: row.workers,
            count: 1,
            size: 16_000_000
        )
        try run.run()
    }
}
