// SPDX-License-Identifier: Apache-2.0
// A client whose will is published when it goes down with its broker.

import Foundation
import TestSupport

/// A client that has a will and nothing else to do than be there when the broker is killed.
final class KillWill: @unchecked Sendable {
    // `@unchecked Sendable`: used by its own thread, and after that has ended by the one that has it.

    /// What becomes of its wills.
    enum Manner: String, CaseIterable {
        /// Its session stays, and the will is published at once.
        case persistent
        /// Its session ends with the connection, and the will is published at once.
        case clean
        /// It comes back long before its will is due.
        case delayed
        /// It comes in the last round alone, and its will a second later.
        case late
    }

    let manner: Manner
    private var connection: KillConnection
    private let lastRound: Int
    private var count = 0
    /// The numbers whose will must be published, and those whose will never may.
    private var armed: [Int] = []
    private var withdrawn: [Int] = []

    var name: String { "will-\(manner.rawValue)" }

    init(_ manner: Manner, _ stage: KillStage, lastRound: Int) {
        self.manner = manner
        self.lastRound = lastRound
        connection = KillConnection("will-\(manner.rawValue)", stage, isFirstOfVersion5: true)
        connection.isClean = manner == .clean
        if manner == .delayed || manner == .late { connection.version = .v5 }
    }

    var publisher: KillHistory.Publisher {
        KillHistory.Publisher(name: name, qos: 2, count: count)
    }

    var required: [Range<Int>] { armed.map { $0..<($0 + 1) } }

    var forbidden: [Range<Int>] {
        manner == .delayed ? [0..<count] : withdrawn.map { $0..<($0 + 1) }
    }

    func run() throws {
        let stage = connection.stage
        connection.makeWill = { [unowned self] in makeWill() }
        if manner == .late, stage.place(after: lastRound - 1) == nil { return }
        while stage.mayPublish {
            let client = try connection.connect()
            // The will of a session that ends is safe when something that comes after it is.
            client.send(
                Wire.publish(client.version, "c/\(name)", "probe 0", qos: 1, id: 1, retain: true)
            )
            let number = count - 1
            var isArmed = false
            while connection.client != nil, stage.mayPublish {
                guard let packet = try connection.next(seconds: 0.2) else { continue }
                guard packet[0] == 0x40 else { throw Mismatch("\(name): \(hexText(packet))") }
                isArmed = true
            }
            if connection.isAlive {
                withdrawn.append(number)
                connection.leave(politely: true)
            } else if isArmed, manner != .delayed {
                armed.append(number)
            }
            if manner == .late { return }
        }
    }

    private func makeWill() -> Will {
        defer { count += 1 }
        let delay: UInt32? = manner == .delayed ? 600 : manner == .late ? 1 : nil
        return Will(
            "w/\(name)",
            String(decoding: KillMessage.payload(name, count), as: UTF8.self),
            qos: 2,
            retain: manner == .late,
            properties: delay.map { Property.willDelay($0) } ?? []
        )
    }
}
