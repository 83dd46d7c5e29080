// SPDX-License-Identifier: Apache-2.0
// A publisher that outlives its brokers and goes on with each as the protocol demands.

import Foundation
import TestSupport

/// Publishes rising numbers and brings each to its end, with however many brokers that takes.
final class KillPublisher: @unchecked Sendable {
    // `@unchecked Sendable`: what others read is only touched with `lock` held, the rest belongs to the
    // client's thread.

    /// Where the messages go.
    enum Topic {
        /// One topic, nothing retained.
        case plain
        /// Four topics by turns, retained.
        case retained
        /// The same, and every third message clears its topic; no subscriber is meant to know them.
        case cleared
        /// One topic for payloads that make the log long, known to one subscriber.
        case heavy
    }

    let name: String
    let qos: UInt8
    private let topic: Topic
    private let padding: Int
    private let window: Int
    private var connection: KillConnection
    private var generator: SplitMix64
    /// Unfinished publications in order: number, identifier, whether PUBREC has come.
    private var pending: [(number: Int, id: Int, isReleased: Bool)] = []
    private var nextId = 0
    private let lock = NSLock()
    private var sentCount = 0
    private var finished = 0
    private var retained: [String: KillRetained] = [:]

    init(_ name: String, _ stage: KillStage, qos: UInt8, _ topic: Topic, padding: Int, seed: UInt64)
    {
        self.name = name
        self.qos = qos
        self.topic = topic
        self.padding = padding
        generator = SplitMix64(seed: seed)
        window = 1 + generator.next(below: 16)
        connection = KillConnection(name, stage, isFirstOfVersion5: seed.isMultiple(of: 2))
    }

    /// The first level of its topics.
    var root: String {
        switch topic {
        case .plain: "k"
        case .retained: "r"
        case .cleared: "c"
        case .heavy: "h"
        }
    }

    /// How many numbers have been used so far.
    var count: Int { lock.withLock { sentCount } }

    /// Below it all numbers are acknowledged.
    var finishedCount: Int { lock.withLock { finished } }

    /// What may be retained, by topic.
    var retainedTopics: [String: KillRetained] { lock.withLock { retained } }

    func run() throws {
        let stage = connection.stage
        while true {
            let client = try connection.connect()
            resend(client)
            while connection.client != nil {
                while pending.count < window, stage.mayPublish { publish(client) }
                if pending.isEmpty {
                    if !stage.mayPublish { return connection.leave(politely: true) }
                    continue
                }
                if let packet = try connection.next(seconds: 20) {
                    try take(packet, client)
                } else if connection.client != nil {
                    throw Mismatch("\(name): no acknowledgement comes, pending \(pending)")
                }
                if stage.mayPublish, generator.next(below: 500) == 0 {
                    connection.leave(politely: generator.next(below: 2) == 0)
                }
            }
        }
    }

    private func resend(_ client: RawClient) {
        for entry in pending {
            client.send(
                entry.isReleased
                    ? Wire.pubrel(entry.id) : bytes(client, entry.number, entry.id, dup: true)
            )
        }
    }

    private func topicName(_ number: Int) -> String {
        isRetained ? "\(root)/\(name)/\(number % 4)" : "\(root)/\(name)"
    }

    private func isCleared(_ number: Int) -> Bool {
        topic == .cleared && number % 3 == 2
    }

    private var isRetained: Bool { topic == .retained || topic == .cleared }

    private func bytes(_ client: RawClient, _ number: Int, _ id: Int, dup: Bool = false) -> Bytes {
        Wire.publish(
            client.version,
            topicName(number),
            bytes: isCleared(number)
                ? [] : KillMessage.payload(name, number, padding: number % 2 == 0 ? padding : 0),
            qos: qos,
            id: id,
            retain: isRetained,
            dup: dup
        )
    }

    private func publish(_ client: RawClient) {
        nextId = nextId % 65535 + 1
        let number = sentCount
        pending.append((number, nextId, false))
        lock.withLock {
            sentCount += 1
            if isRetained {
                retained[topicName(number), default: KillRetained()]
                    .note(number, isCleared: isCleared(number))
            }
        }
        client.send(bytes(client, number, nextId))
    }

    private func take(_ packet: Bytes, _ client: RawClient) throws {
        guard packet.count >= 4 else { throw Mismatch("\(name): \(hexText(packet))") }
        let id = Int(packet[2]) << 8 | Int(packet[3])
        guard let index = pending.firstIndex(where: { $0.id == id }) else {
            throw Mismatch("\(name): \(hexText(packet)) answers nothing")
        }
        let reason = packet.count > 4 ? packet[4] : 0
        // PUBCOMP for an identifier that is over already is as good.
        guard reason < 0x80 || packet[0] == 0x70 && reason == 0x92 else {
            throw Mismatch("\(name): refused: \(hexText(packet))")
        }
        switch packet[0] {
        case 0x50 where qos == 2:
            pending[index].isReleased = true
            client.send(Wire.pubrel(id))
        case 0x40 where qos == 1, 0x70 where qos == 2 && pending[index].isReleased: finish(index)
        default: throw Mismatch("\(name): \(hexText(packet))")
        }
    }

    private func finish(_ index: Int) {
        let number = pending.remove(at: index).number
        lock.withLock {
            finished = pending.first?.number ?? sentCount
            if isRetained { retained[topicName(number)]?.acknowledge(number) }
        }
    }
}
