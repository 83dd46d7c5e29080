// SPDX-License-Identifier: Apache-2.0
// A publisher whose messages may be taken, refused, or left without an answer for a while.

import Foundation
import TestSupport

/// Publishes numbers at QoS 1 and knows what has become of each.
final class DiskPublisher {
    /// What comes of a message at once.
    enum Answer {
        case taken, refused
        /// It was taken in when the disk failed: the answer waits until it is safe.
        case held
    }

    private static let padding = 2000

    private let client: RawClient
    /// Numbers that have no answer yet.
    private var held: Set<Int> = []
    /// Numbers that were acknowledged.
    private(set) var acknowledged: Set<Int> = []
    private var refused: Set<Int> = []

    init(_ broker: Broker, _ version: Version) throws {
        client = try RawClient.connected(to: broker, "publisher", version)
    }

    /// Publishes a number, and waits for nothing.
    func send(_ number: Int) {
        let payload = KillMessage.payload("publisher", number, padding: Self.padding)
        client.send(Wire.publish(client.version, "t", bytes: payload, qos: 1, id: 1 + number))
        held.insert(number)
        refused.remove(number)
    }

    /// Publishes a number, and waits for its answer as long as one may take that does not depend on
    /// the disk.
    func publish(_ number: Int) throws -> Answer {
        send(number)
        let deadline = Date(timeIntervalSinceNow: 1)
        while held.contains(number), Date() < deadline { try readAnswer(seconds: 1) }
        if held.contains(number) { return .held }
        return refused.contains(number) ? .refused : .taken
    }

    /// Publishes numbers until one is refused, and returns that.
    ///
    /// That may take a second, until the next sync: a thousand at most are published in it.
    func publishUntilRefused(from first: Int) throws -> Int {
        let deadline = Date(timeIntervalSinceNow: 30)
        for number in first..<(first + 30_000) where Date() < deadline {
            if try publish(number) == .refused { return number }
            usleep(1000)
        }
        throw Mismatch("nothing is refused")
    }

    /// Publishes numbers until one gets no answer, and returns that.
    func publishUntilHeld(from first: Int) throws -> Int {
        for number in first..<(first + 3000) where try publish(number) == .held { return number }
        throw Mismatch("everything is acknowledged")
    }

    /// Publishes a number again and again until it is not refused.
    func publishUntilTaken(_ number: Int) throws {
        let deadline = Date(timeIntervalSinceNow: 20)
        while try publish(number) == .refused {
            guard Date() < deadline else { throw Mismatch("refused although there is room") }
            usleep(50_000)
        }
    }

    /// Waits until every number has its answer.
    func awaitAnswers() throws {
        let deadline = Date(timeIntervalSinceNow: 20)
        while !held.isEmpty {
            guard Date() < deadline else { throw Mismatch("never acknowledged: \(held.sorted())") }
            try readAnswer(seconds: 1)
        }
    }

    private func readAnswer(seconds: Double) throws {
        if let packet = client.nextPacket(seconds: seconds) {
            try take(packet)
        } else if client.isClosed {
            throw Mismatch("the publisher's connection is closed")
        }
    }

    private func take(_ packet: Bytes) throws {
        guard packet.count >= 4, packet[0] == 0x40 else { throw Mismatch(hexText(packet)) }
        let number = (Int(packet[2]) << 8 | Int(packet[3])) - 1
        guard held.remove(number) != nil else { throw Mismatch("\(number) is answered twice") }
        switch packet.count > 4 ? packet[4] : 0 {
        case 0: acknowledged.insert(number)
        case 0x97: refused.insert(number)
        default: throw Mismatch("refused with another code: \(hexText(packet))")
        }
    }
}
