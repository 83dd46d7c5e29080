// SPDX-License-Identifier: Apache-2.0
// A random course of events for a broker and its clients, and what must hold all the time.

import Config
import Log
import Net

@testable import Core

/// Lets honest and other clients act on a broker in this process, one thing after another, as the
/// dice have it.
///
/// What must hold: nothing that was acknowledged is lost for honest clients, nothing of QoS 2 comes
/// twice, every PINGREQ of an honest client is answered, the broker comes to rest, and what it
/// promises about itself (`checkInvariants`) stays true.
final class SessionScript {
    private var dice: Dice
    private let hooks: LateHooks?
    private let driven: DrivenBroker
    private let honest: [HonestClient]
    private var others: [WildClient?]
    private var lastPayload: UInt32 = 0
    /// The session log that is compared with what the broker has; nil when there is none.
    private var recorded: RecordedBroker?
    private(set) var complaints: [String] = []

    static let othersMax = 6
    static let events: [HookEvents] = [
        .access, .basicAuthentication, .messageIn, .messageOut, .subscribe, .unsubscribe,
    ]

    /// `isRecorded`: with a session log.
    init(_ dice: Dice, isRecorded: Bool = false) throws {
        var dice = dice
        var configuration = Configuration()
        configuration.maxQueuedMessages = 0
        configuration.maxInflightMessages = dice.pick([20, 1, 0])
        configuration.listeners = [ListenerConfiguration(), ListenerConfiguration()]
        configuration.listeners[1].mountPoint = "mounted/"
        var wanted: HookEvents = []
        for event in Self.events where dice.isOne(in: 3) { wanted.insert(event) }
        let hooks = wanted.isEmpty ? nil : LateHooks(wanted, dice)
        driven = try DrivenBroker(configuration, workers: 1 + dice.roll(3), hooks: hooks)
        // What is shared out over turns is so from a few packets or deliveries on, or not at all.
        if dice.isOne(in: 2) {
            let clock = SteppingClock(step: Int64(dice.pick([1000, 100_000, 600_000])))
            for worker in driven.workers {
                worker.reactor.nanoseconds = clock.look
                worker.fanOuts.atOnceMax = dice.pick([0, 1, 3, 20])
                worker.fanOuts.stepMax = dice.pick([1, 2, 10])
                worker.share.workMax = dice.pick([1, 2, 5, 50])
                worker.share.workBetween = 1
            }
        }
        honest = [
            HonestClient("honest1", version: 4, qos: 1),
            HonestClient("honest2", version: 5, qos: 2),
            HonestClient("honest3", version: 5, qos: 1),
        ]
        others = Array(repeating: nil, count: Self.othersMax)
        self.hooks = hooks
        if isRecorded {
            recorded = try RecordedBroker(
                driven,
                checkpointAt: UInt64(dice.pick([4 << 10, 40 << 10, 1 << 30]))
            )
        }
        self.dice = dice
    }

    /// Makes so many steps, or as many as the dice have; then looks whether anything is missing.
    ///
    /// Returns what went wrong.
    func run(steps: Int) throws -> [String] {
        for client in honest { try come(client) }
        rest()
        var left = steps
        while left > 0, !dice.isDry, complaints.isEmpty {
            try step()
            check()
            if let recorded, dice.isOne(in: 40) { complaints += try recorded.complaints() }
            left -= 1
        }
        if complaints.isEmpty { try finish() }
        if let recorded, complaints.isEmpty { complaints += try recorded.complaints() }
        driven.end()
        recorded?.end()
        return complaints
    }

    // MARK: Steps

    private func step() throws {
        switch dice.roll(16) {
        case 0: try arrive()
        case 1, 2, 3, 4: for _ in 0...dice.roll(4) { wild()?.say(&dice) }
        case 5: wild()?.mumble(&dice)
        case 6, 7: wild()?.listen(&dice)
        case 8: depart()
        case 9, 10: try actHonestly()
        case 11: for _ in 0...dice.roll(3) { driven.turn() }
        case 12: driven.settle()
        case 13: hooks?.answer(1 + dice.roll(20), through: driven.broker)
        case 14: interfere()
        default: passTime()
        }
    }

    private func arrive() throws {
        let slot = dice.roll(Self.othersMax)
        others[slot]?.leave()
        let peer = try driven.connect(
            to: dice.roll(driven.workers.count),
            listener: dice.isOne(in: 4) ? 1 : 0,
            sendBuffer: dice.isOne(in: 2) ? 4096 : nil
        )
        others[slot] = WildClient(peer, &dice)
    }

    private func wild() -> WildClient? { others[dice.roll(Self.othersMax)] }

    private func depart() {
        let slot = dice.roll(Self.othersMax)
        others[slot]?.leave()
        others[slot] = nil
    }

    private func actHonestly() throws {
        let client = dice.pick(honest)
        switch dice.roll(8) {
        case 0: client.leave(politely: dice.isOne(in: 2))
        case 1 where client.peer == nil: try come(client)
        case 2: if client.isWelcome { client.ping() }
        case 3: client.work(limit: 1 + dice.roll(500))
        case 4, 5: client.work()
        default:
            for _ in 0...dice.roll(10) where client.mayPublish {
                lastPayload += 1
                client.publish(lastPayload)
            }
        }
    }

    private func come(_ client: HonestClient) throws {
        client.come(
            over: try driven.connect(
                to: dice.roll(driven.workers.count),
                sendBuffer: dice.isOne(in: 3) ? 4096 : nil
            )
        )
    }

    /// What plugins and administrators do to clients.
    private func interfere() {
        let broker = driven.broker
        let name = dice.pick(WildClient.names)
        switch dice.roll(7) {
        case 0: broker.kick(name, publishesWill: dice.isOne(in: 2))
        case 1: broker.kick(dice.pick(honest).name, publishesWill: true)
        case 2: broker.removeSession(name)
        case 3: broker.removeRetained(Array(dice.pick(WildClient.topics).utf8))
        case 4:
            driven.configuration.queueQoS0Messages = dice.isOne(in: 2)
            driven.configuration.allowDuplicateMessages = dice.isOne(in: 2)
            driven.configuration.authTimeout = dice.pick([30, 5])
            driven.reload()
        default:
            let publication = PluginPublication(
                topic: Array(dice.pick(WildClient.topics).utf8),
                payload: [UInt8](repeating: 0x70, count: dice.pick([0, 10, 20_000])),
                qos: UInt8(dice.roll(3)),
                isRetained: dice.isOne(in: 3)
            )
            if dice.isOne(in: 2) {
                broker.publish(publication)
            } else {
                broker.publish(publication, to: name)
            }
        }
    }

    private func passTime() {
        driven.advance(seconds: Int64(dice.pick([0, 1, 2, 10, 100])))
    }

    // MARK: What must hold

    private func check() {
        for client in honest where !client.complaints.isEmpty {
            complaints += client.complaints.map { "\(client.name): \($0)" }
        }
        for worker in driven.workers {
            worker.deadlines.checkInvariants(isThorough: true)
            for session in worker.sessions.all { session.checkInvariants() }
        }
    }

    /// Lets everything come to rest with all questions answered and everything read.
    private func rest() {
        var idleRounds = 0
        for _ in 0..<2000 {
            if !driven.settle() { return complaints.append("the broker never rests") }
            if recorded?.awaitSafety() == false {
                return complaints.append("the log never comes to rest")
            }
            let before = progress
            hooks?.answer(.max, through: driven.broker)
            for client in honest { client.work() }
            idleRounds = before == progress ? idleRounds + 1 : 0
            // What this round has set off shows in the next.
            if idleRounds == 3 { return }
        }
        complaints.append("the clients never rest")
    }

    private var progress: [Int] {
        honest.flatMap { client in
            [client.taken.values.reduce(0, +), client.acknowledged.count, client.pingsAwaited]
        } + [hooks?.waitingCount ?? 0]
    }

    private func finish() throws {
        for slot in others.indices where dice.isOne(in: 2) {
            others[slot]?.leave()
            others[slot] = nil
        }
        for _ in 0..<5 {
            rest()
            for client in honest where client.peer == nil { try come(client) }
        }
        for client in honest where client.isWelcome { client.ping() }
        rest()
        check()
        for client in honest { account(for: client) }
    }

    private func account(for client: HonestClient) {
        guard client.isWelcome else {
            return complaints.append("\(client.name) is not let in")
        }
        if client.pingsAwaited != 0 {
            complaints.append("\(client.name) misses \(client.pingsAwaited) PINGRESPs")
        }
        for sender in honest {
            let missing = sender.acknowledged.filter { client.taken[$0] == nil }
            if !missing.isEmpty {
                complaints.append(
                    "\(client.name) never got \(missing.count) messages of \(sender.name), "
                        + "the first \(missing.min() ?? 0)"
                )
            }
            guard client.qos == 2, sender.qos == 2 else { continue }
            for payload in sender.acknowledged where client.taken[payload, default: 0] > 1 {
                complaints.append("\(client.name) got \(payload) of QoS 2 twice")
            }
        }
    }
}
