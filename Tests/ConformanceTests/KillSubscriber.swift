// SPDX-License-Identifier: Apache-2.0
// A subscriber whose session outlives its brokers.

import Foundation
import TestSupport

/// A persistent subscriber that remembers what it got, and when it was subscribed to what.
final class KillSubscriber: @unchecked Sendable {
    // `@unchecked Sendable`: used by its own thread, or, before and after it, by the one that has it.

    /// How it behaves while brokers come and go.
    enum Manner: CaseIterable {
        /// Connected whenever there is a broker.
        case always
        /// Away until the end.
        case absent
        /// Leaving again and again, for a while.
        case fickle
        /// Connected, and making and ending subscriptions to one publisher each.
        case changing
    }

    let name: String
    let qos: UInt8
    let manner: Manner
    /// The first levels of the topics that it is always subscribed to.
    let roots: [String]
    private(set) var receiver: KillHistory.Receiver
    private var connection: KillConnection
    private var generator: SplitMix64
    /// QoS 2 messages by identifier that have come and wait for PUBREL.
    private var unreleased: [Int: KillMessage] = [:]
    private var changes: [KillSubscription]
    private var nextId = 0

    /// `changes` are the publishers to whose topics it subscribes by turns.
    init(
        _ name: String,
        _ stage: KillStage,
        qos: UInt8,
        _ manner: Manner,
        roots: [String],
        isMember: Bool = false,
        changes: [KillPublisher] = [],
        seed: UInt64
    ) {
        self.name = name
        self.qos = qos
        self.manner = manner
        self.roots = roots
        self.changes = changes.map { KillSubscription($0) }
        receiver = KillHistory.Receiver(name: name, qos: qos, isMember: isMember)
        generator = SplitMix64(seed: seed)
        connection = KillConnection(name, stage, isFirstOfVersion5: seed.isMultiple(of: 2))
    }

    /// Makes the session and its lasting subscriptions, before anything is published.
    func begin() throws {
        let client = try connection.connect()
        for root in roots {
            try client.subscribe((receiver.isMember ? "$share/group/" : "") + root + "/#", qos)
        }
        connection.leave(politely: true)
    }

    /// What it must have when all is over, beside what its changing subscriptions say.
    func require(_ publisher: String, _ numbers: [Range<Int>]) {
        receiver.required[publisher] = numbers
    }

    /// What it must never get.
    func forbid(_ publisher: String, _ numbers: [Range<Int>]) {
        receiver.forbidden[publisher] = numbers
    }

    /// Takes what comes until nothing is published any more.
    func run() throws {
        guard manner != .absent else { return }
        let stage = connection.stage
        while !stage.hasFinished {
            let client = try connection.connect()
            for index in changes.indices { changes[index].resume() }
            while connection.client != nil, !stage.hasFinished {
                if manner == .changing { change(client) }
                if let packet = try connection.next(seconds: 0.02) { try take(packet, client) }
                if manner == .fickle, generator.next(below: 300) == 0 { goAway() }
            }
        }
        connection.leave(politely: false)
        for change in changes { receiver.add(change) }
    }

    /// Takes what is still there.
    ///
    /// SUBACK waits until the log has the subscription, so nothing that waits for the log is behind it;
    /// when several come and nothing between them, nothing is left.
    func drain() throws {
        let client = try connection.connect()
        var quiet = 0
        while quiet < 3 {
            nextId = nextId % 65535 + 1
            let suback = Wire.suback(client.version, id: nextId, [0])
            client.send(Wire.subscribe(client.version, id: nextId, [("end/\(quiet)", 0)]))
            quiet += 1
            while true {
                guard let packet = try connection.next(seconds: 10) else {
                    throw Mismatch("\(name): nothing more comes")
                }
                if packet == suback { break }
                quiet = 0
                try take(packet, client)
            }
            if !unreleased.isEmpty { quiet = 0 }
        }
        connection.leave(politely: true)
        receiver.connectionCount = connection.count
    }

    private func goAway() {
        connection.leave(politely: generator.next(below: 2) == 0)
        // How long it is away is part of the experiment.
        usleep(UInt32(1000 * generator.next(below: 120)))
    }

    private func take(_ packet: Bytes, _ client: RawClient) throws {
        switch packet[0] & 0xF0 {
        case 0x30:
            let message = try KillMessage(packet, client.version)
            if message.qos == 2 { try hold(message) } else { record(message) }
            client.send(message.qos == 2 ? Wire.pubrec(message.id) : Wire.puback(message.id))
        case 0x60:
            let id = Int(packet[2]) << 8 | Int(packet[3])
            unreleased[id] = nil
            client.send(Wire.pubcomp(id))
        case 0x90, 0xB0:
            let id = Int(packet[2]) << 8 | Int(packet[3])
            guard packet[0] == 0xB0 || packet.last == qos else {
                throw Mismatch("\(name): \(hexText(packet))")
            }
            for index in changes.indices { changes[index].acknowledge(id) }
        default: throw Mismatch("\(name): \(hexText(packet))")
        }
    }

    private func hold(_ message: KillMessage) throws {
        guard message.qos <= qos, message.id != 0 else {
            throw Mismatch("\(name): QoS or identifier")
        }
        if let known = unreleased.updateValue(message, forKey: message.id) {
            guard known.publisher == message.publisher, known.number == message.number else {
                throw Mismatch(
                    "\(name): identifier \(message.id) is used for \(message.publisher)"
                        + " \(message.number) while \(known.publisher) \(known.number) has it"
                )
            }
        } else {
            record(message)
        }
    }

    private func record(_ message: KillMessage) {
        receiver.received[message.publisher, default: []].append(message.number)
    }

    private func change(_ client: RawClient) {
        for index in changes.indices {
            let isForced = changes[index].mustAsk
            guard isForced || !changes[index].isAsking && generator.next(below: 40) == 0 else {
                continue
            }
            nextId = nextId % 65535 + 1
            let filter = "k/\(changes[index].publisher.name)"
            if changes[index].ask(nextId) {
                client.send(Wire.subscribe(client.version, id: nextId, [(filter, qos)]))
            } else {
                client.send(Wire.unsubscribe(client.version, id: nextId, [filter]))
            }
        }
    }
}
