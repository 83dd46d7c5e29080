// SPDX-License-Identifier: Apache-2.0
// A broker whose disk loses power: clients act on the real core, and every write and sync is known.

import Config
import LogTestSupport
import Persist

@testable import Core

/// Lets clients act on a broker whose log is in memory, as the dice have it, and keeps a ledger of
/// what they were promised at which step to the files.
///
/// The writer takes a step only when it is let, so that a moment is the same for both sides.
final class PowerCutScene {
    private var dice: Dice
    private let driven: DrivenBroker
    private let recorded: RecordedBroker
    private let files = MemoryFiles()
    private let clients: [PowerCutClient]
    private let ledger = PowerCutLedger()
    private var count = 0

    /// What has come of it.
    struct Outcome {
        let steps: [FileStep]
        let ledger: PowerCutLedger
        /// How many of the steps are the log's beginning.
        let firstCut: Int
    }

    init(_ dice: Dice, _ syncing: LogSyncing) throws {
        var configuration = Configuration()
        configuration.maxQueuedMessages = 0
        self.dice = dice
        driven = try DrivenBroker(configuration, workers: 1 + self.dice.roll(3))
        if self.dice.isOne(in: 3) { driven.coSchedule() }
        var options = LogOptions(syncing: syncing)
        options.firstCheckpointByteCount = 3000
        options.segmentByteCount = 2000
        options.boot = 1
        recorded = try RecordedBroker(driven, options, files: files)
        let everybody = [PowerCutLedger.everything, PowerCutLedger.wills]
        clients = [
            PowerCutClient("taker1", qos: 1, filters: everybody, ledger),
            PowerCutClient("taker2", qos: 2, filters: everybody, ledger),
            PowerCutClient("member1", qos: 2, filters: [PowerCutLedger.group], ledger),
            PowerCutClient("member2", qos: 1, filters: [PowerCutLedger.group], ledger),
            PowerCutClient("sender1", qos: 1, filters: [], ledger),
            PowerCutClient("sender2", qos: 2, filters: everybody, ledger),
        ]
    }

    /// Makes so many steps, and lets the rest come to an end.
    func run(steps: Int) throws -> Outcome {
        recorded.gate.mode = .blocked
        let firstCut = files.stepCount
        for client in clients { try come(client) }
        for _ in 0..<steps {
            try act()
            for _ in 0...dice.roll(3) { turn() }
            letWrite()
        }
        recorded.gate.mode = .open
        _ = recorded.awaitSafety()
        recorded.gate.mode = .blocked
        turn()
        let outcome = Outcome(steps: files.steps, ledger: ledger, firstCut: firstCut)
        recorded.gate.mode = .open
        driven.end()
        recorded.end()
        return outcome
    }

    /// A turn of each worker, during which the files stay as they are.
    private func turn() {
        ledger.now = files.stepCount
        if driven.isReady { driven.turn() }
        for client in clients { client.read() }
    }

    /// Lets the writer make some steps, or fewer if it has nothing more to do.
    private func letWrite() {
        recorded.gate.allow(dice.roll(5))
        recorded.awaitWriter()
        ledger.now = files.stepCount
    }

    private func come(_ client: PowerCutClient) throws {
        count += 1
        let will = dice.isOne(in: 2) ? "w/\(count)" : nil
        client.come(over: try driven.connect(to: dice.roll(driven.workers.count)), will: will)
    }

    private func act() throws {
        let client = dice.pick(clients)
        guard client.peer != nil else { return try come(client) }
        switch dice.roll(16) {
        case 0: client.leave(politely: true)
        case 1: client.leave(politely: false)
        case 2: try come(client)
        case 3, 4, 5, 6: for _ in 0...dice.roll(3) { client.answer(1 + dice.roll(4)) }
        case 7 where client.isWelcome:
            client.subscribe(["x/\(dice.roll(3))"], isSubscribing: dice.isOne(in: 2))
        default: for _ in 0...dice.roll(3) where client.mayPublish { publish(client) }
        }
    }

    private func publish(_ client: PowerCutClient) {
        count += 1
        switch dice.roll(6) {
        case 0: client.publish("m\(count)", "g/\(client.name)", to: .group)
        case 1: client.publish("m\(count)", "r/\(client.name)", to: .retained)
        case 2 where client.qos == 1: client.publish("c\(count)", "r/\(client.name)", to: .cleared)
        default: client.publish("m\(count)", "q/\(client.name)", to: .all)
        }
    }
}
