// SPDX-License-Identifier: Apache-2.0
// The power goes while the whole core is at work: what is then on the disk is what was promised.

import Glibc
import LogTestSupport
import Testing

@testable import Core
@testable import Persist

@Suite("Power cuts of the whole core")
struct PowerCutTests {
    @Test(
        "always loses nothing that was acknowledged, everysec and no leave a beginning without holes",
        arguments: PowerCutSeeds.all
    )
    func cuts(seed: UInt64) throws {
        let syncing = LogSyncing.allCases[Int(seed % 3)]
        let run = try PowerCutScene(Dice(seed: seed), syncing).run(steps: 100)
        var check = PowerCutCheck(run, syncing, LogDice(seed: seed))
        for cut in run.firstCut...run.steps.count {
            try check.killed(after: cut)
            try check.suffixes(after: cut)
        }
        for _ in 0..<334 { try check.random() }
        #expect(check.complaints.isEmpty, "POWER_SEED=\(seed): \(check.complaints.prefix(5))")
        #expect(check.strays.isEmpty, "POWER_SEED=\(seed): \(check.strays)")
        #expect(check.checkpointCount > 1, "POWER_SEED=\(seed): there were checkpoints")
    }
}

/// The seeds of the runs: `POWER_SEED` is the first one, `POWER_ROUNDS` says how many times more than
/// usual there are.
private enum PowerCutSeeds {
    static let all: [UInt64] = {
        let first = number("POWER_SEED") ?? 1
        return (0..<3 * (number("POWER_ROUNDS") ?? 1)).map { first + $0 }
    }()

    private static func number(_ name: String) -> UInt64? {
        getenv(name).flatMap { UInt64(String(cString: $0)) }
    }
}
