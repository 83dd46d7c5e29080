// SPDX-License-Identifier: Apache-2.0
// A publisher that loses its connection again and again.

import Foundation
import TestSupport

/// A durable publisher at one QoS that loses its connection again and again.
final class ChaosPublisher: @unchecked Sendable {
    // `@unchecked Sendable`: used by its own thread alone; `sent` is read after that has ended.
    let name: String
    let qos: UInt8
    private(set) var sent = 0
    private let broker: Broker
    private let version: Version
    private var generator: Hostile.Generator
    /// Unfinished publications in order: number, identifier, whether PUBREC has come.
    private var pending: [(number: Int, id: Int, isReleased: Bool)] = []
    private var nextId = 0
    private var hasSession = false
    private let window = 12

    init(_ broker: Broker, _ name: String, _ version: Version, qos: UInt8, seed: UInt64) {
        self.broker = broker
        self.name = name
        self.version = version
        self.qos = qos
        generator = Hostile.Generator(state: seed | 1)
    }

    func run(until end: Date) throws {
        var client = try connect()
        while Date() < end || !pending.isEmpty {
            let isEnding = Date() >= end
            while pending.count < window, !isEnding { publishNext(client) }
            guard let packet = client.nextPacket(seconds: 10) else {
                throw Mismatch("\(name): no answer, closed \(client.isClosed), pending \(pending)")
            }
            take(packet, client)
            if !isEnding, Int.random(in: 0..<60, using: &generator) == 0 {
                breakOff(client)
                client = try connect()
            }
        }
        try client.disconnect()
    }

    private func connect() throws -> RawClient {
        let client = try RawClient.connected(
            to: broker,
            name,
            version,
            clean: false,
            properties: version == .v5 ? Property.sessionExpiry(1000) : [],
            sessionPresent: hasSession
        )
        hasSession = true
        for entry in pending {
            client.send(
                entry.isReleased ? Wire.pubrel(entry.id) : bytes(entry.number, entry.id, dup: true)
            )
        }
        return client
    }

    private func bytes(_ number: Int, _ id: Int, dup: Bool = false) -> Bytes {
        Wire.publish(version, "chaos/\(name)", "\(number)", qos: qos, id: id, dup: dup)
    }

    private func publishNext(_ client: RawClient) {
        nextId = nextId % 65535 + 1
        pending.append((sent, nextId, false))
        client.send(bytes(sent, nextId))
        sent += 1
    }

    private func take(_ packet: Bytes, _ client: RawClient) {
        guard packet.count >= 4 else { return }
        let id = Int(packet[2]) << 8 | Int(packet[3])
        guard let index = pending.firstIndex(where: { $0.id == id }) else { return }
        if packet[0] == 0x50 {
            pending[index].isReleased = true
            client.send(Wire.pubrel(id))
        } else {
            pending.remove(at: index)
        }
    }

    /// Ends a connection in one of several bad ways.
    private func breakOff(_ client: RawClient) {
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: client.abort()
        case 1:
            // A packet cut in the middle; its number is sent again on the next connection.
            nextId = nextId % 65535 + 1
            pending.append((sent, nextId, false))
            let whole = bytes(sent, nextId)
            client.send(Bytes(whole.prefix(Int.random(in: 1..<whole.count, using: &generator))))
            sent += 1
            client.abort()
        case 2: client.shutdownWriting()
        default: break  // The next connection takes this one over.
        }
    }
}
