// SPDX-License-Identifier: Apache-2.0
// Brokers that are killed one after the other over the same folder.

import Foundation
import Glibc
import TestSupport

/// Some rounds over the same folder: start, let clients work, kill; and at last what is left.
final class KillSeries {
    /// How the brokers of a series run.
    struct Setting {
        /// By round, over and over.
        let workers: [Int]
        let syncing: String
        /// Whether so much is published that the log begins new segments and checkpoints, and brokers
        /// are killed when they do.
        var isHeavy = false
    }

    /// Where copies of the folder are kept, as each start finds it; for looking into a complaint.
    private static let keptPlace = ProcessInfo.processInfo.environment["KILL_KEEP"]

    private let setting: Setting
    private let seed: UInt64
    private let rounds: Int
    private let folder: PersistenceFolder
    private let stage = KillStage()
    private var generator: SplitMix64
    private var publishers: [KillPublisher] = []
    private var subscribers: [KillSubscriber] = []
    private var wills: [KillWill] = []
    private var complaints: [String] = []
    private var starts = 0
    /// How many messages were published, and how many came.
    private(set) var published = 0
    private(set) var received = 0
    /// How many wills had to be published, and stretches of changing subscriptions that were certain.
    private(set) var willCount = 0
    private(set) var stretchCount = 0
    /// How often a broker was killed just after it had begun a segment.
    private(set) var newSegments = 0

    init(_ setting: Setting, seed: UInt64, rounds: Int) throws {
        self.setting = setting
        self.seed = seed
        self.rounds = rounds
        folder = try PersistenceFolder()
        generator = SplitMix64(seed: seed)
        makeClients()
    }

    private func makeClients() {
        publishers = (0..<8).map { index in
            KillPublisher(
                "p\(index)",
                stage,
                qos: index % 2 == 0 ? 1 : 2,
                index < 4 ? .plain : index < 6 ? .retained : .cleared,
                padding: index == 1 ? 3000 : index == 2 ? 200 : 0,
                seed: generator.next()
            )
        }
        let changes = Array(publishers.prefix(4))
        for manner in KillSubscriber.Manner.allCases {
            let isChanging = manner == .changing
            for qos: UInt8 in [1, 2] {
                add(
                    "\(manner)-\(qos)",
                    qos,
                    manner,
                    isChanging ? [] : ["k", "r", "w"],
                    changes: isChanging ? changes : []
                )
            }
            if !isChanging { add("member-\(manner)", 2, manner, ["k"], isMember: true) }
        }
        if setting.isHeavy {
            publishers.append(
                KillPublisher("heavy", stage, qos: 1, .heavy, padding: 300_000, seed: 15)
            )
            add("heavy-reader", 1, .always, ["h"])
        }
        wills = KillWill.Manner.allCases.map { KillWill($0, stage, lastRound: rounds) }
    }

    private func add(
        _ name: String,
        _ qos: UInt8,
        _ manner: KillSubscriber.Manner,
        _ roots: [String],
        isMember: Bool = false,
        changes: [KillPublisher] = []
    ) {
        subscribers.append(
            KillSubscriber(
                name,
                stage,
                qos: qos,
                manner,
                roots: roots,
                isMember: isMember,
                changes: changes,
                seed: generator.next()
            )
        )
    }

    /// Runs the rounds; returns what is wrong, each with the seed.
    func run() -> [String] {
        do { try play() } catch { complaints.append("\(error)") }
        complaints += stage.complaints
        guard !complaints.isEmpty else { return [] }
        let title = "seed \(seed), \(rounds) rounds, workers \(setting.workers), \(setting.syncing)"
        return complaints.map { "\(title): \($0)" }
    }

    private func play() throws {
        var broker = try start()
        stage.open(broker.port)
        for subscriber in subscribers { try subscriber.begin() }
        let publishing = publishers.map { client in ChaosThread { try client.run() } }
        let willing = wills.map { client in ChaosThread { try client.run() } }
        let subscribing = subscribers.map { client in ChaosThread { try client.run() } }
        do {
            for round in 1...rounds {
                awaitMoment()
                stage.close()
                try kill(broker)
                broker = try start()
                try checkRetained(broker)
                if round == rounds { stage.end() }
                stage.open(broker.port)
            }
            for thread in publishing + willing { complaints += thread.join() }
            try awaitLateWill(broker)
        } catch {
            // Nobody is left waiting.
            stage.end()
            stage.finish()
            throw error
        }
        stage.finish()
        for thread in subscribing { complaints += thread.join() }
        for subscriber in subscribers { try subscriber.drain() }
        complaints += history().complaints()
        try broker.stop()
    }

    private func start() throws -> Broker {
        let workers = setting.workers[starts % setting.workers.count]
        starts += 1
        if let place = Self.keptPlace {
            let copy = "\(place)/\(seed)-\(starts)"
            try FileManager.default.copyItem(atPath: folder.path, toPath: copy)
        }
        return try Broker(
            """
            persistence true
            persistence_location \(folder.path)/
            persistence_fsync \(setting.syncing)
            max_queued_messages 0
            listener %PORT% 127.0.0.1
            allow_anonymous true

            """,
            workers: workers
        )
    }

    /// Waits for the moment of the end, which is what the experiment is about.
    private func awaitMoment() {
        guard setting.isHeavy else {
            usleep(UInt32(50_000 + generator.next(below: 550_000)))
            return
        }
        let first = newestSegment
        let deadline = Date(timeIntervalSinceNow: 10)
        while newestSegment == first, Date() < deadline { usleep(500) }
        if newestSegment != first { newSegments += 1 }
        usleep(UInt32(generator.next(below: generator.next(below: 2) == 0 ? 3000 : 40_000)))
    }

    private var newestSegment: String? {
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder.database + ".log")
        return names?.filter { $0.hasSuffix(".seg") }.max()
    }

    private func kill(_ broker: Broker) throws {
        broker.process.signal(SIGKILL)
        guard let outcome = broker.process.wait(seconds: 10) else {
            throw Mismatch("it cannot be killed")
        }
        guard outcome.status == 128 + SIGKILL, !outcome.errors.contains("Error") else {
            throw Mismatch("status \(outcome.status):\n\(outcome.errors.suffix(3000))")
        }
    }

    /// What is retained after a start, before anybody publishes.
    private func checkRetained(_ broker: Broker) throws {
        let client = try RawClient.connected(to: broker, unique("looker"), .v5)
        client.send(Wire.subscribe(.v5, [("r/#", 0), ("c/#", 0)]))
        try client.expect(Wire.suback(.v5, [0, 0]))
        var found: [String: Int] = [:]
        for _ in 0..<3 {
            client.send(Wire.pingreq)
            while let packet = client.nextPacket(seconds: 5), packet != Wire.pingresp {
                let message = try KillMessage(packet, .v5)
                found[message.topic] = message.number
            }
        }
        for publisher in publishers {
            for (topic, retained) in publisher.retainedTopics {
                guard let text = retained.complaint(topic, found: found[topic]) else { continue }
                complaints.append("after start \(starts): \(text)")
            }
        }
        try client.disconnect()
    }

    private func awaitLateWill(_ broker: Broker) throws {
        guard let late = wills.first(where: { $0.manner == .late && !$0.required.isEmpty }) else {
            return
        }
        let client = try RawClient.connected(to: broker)
        try client.subscribe("w/\(late.name)")
        if client.nextPacket(seconds: 5) == nil { complaints.append("no delayed will comes") }
        try client.disconnect()
    }

    private func history() -> KillHistory {
        var history = KillHistory()
        for publisher in publishers {
            history.publishers.append(
                KillHistory.Publisher(
                    name: publisher.name,
                    qos: publisher.qos,
                    count: publisher.count
                )
            )
            published += publisher.count
        }
        history.publishers += wills.map(\.publisher)
        willCount = wills.reduce(0) { $0 + $1.required.count }
        for subscriber in subscribers {
            stretchCount += subscriber.receiver.required.values.reduce(0) { $0 + $1.count }
            stretchCount += subscriber.receiver.forbidden.values.reduce(0) { $0 + $1.count }
            for publisher in publishers where subscriber.roots.contains(publisher.root) {
                subscriber.require(publisher.name, [0..<publisher.count])
            }
            for will in wills where subscriber.roots.contains("w") {
                subscriber.require(will.name, will.required)
                subscriber.forbid(will.name, will.forbidden)
            }
            history.receivers.append(subscriber.receiver)
            received += subscriber.receiver.received.values.reduce(0) { $0 + $1.count }
        }
        return history
    }
}
