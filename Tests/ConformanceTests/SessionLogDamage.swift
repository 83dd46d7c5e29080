// SPDX-License-Identifier: Apache-2.0
// Session logs that are damaged, cut short, or in use by another broker.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Session log: damage")
struct SessionLogDamage {
    private static let messageCount = 30

    private func configuration(_ folder: PersistenceFolder) -> String {
        "persistence true\npersistence_location \(folder.path)/\n" + Broker.plain
    }

    private func start(_ folder: PersistenceFolder, repairs: Bool = false) throws -> Broker {
        try Broker(
            configuration(folder),
            workers: 2,
            arguments: repairs ? ["--repair"] : []
        )
    }

    private func segments(_ folder: PersistenceFolder) throws -> [String] {
        let log = folder.database + ".log"
        return try FileManager.default.contentsOfDirectory(atPath: log)
            .filter { $0.hasSuffix(".seg") }.sorted().map { "\(log)/\($0)" }
    }

    /// A folder with a session whose messages are in two segments, each of another broker.
    private func prepare(isStopped: Bool) throws -> PersistenceFolder {
        let folder = try PersistenceFolder()
        for part in 0..<2 {
            let broker = try start(folder)
            if part == 0 {
                let client = try Sessions.open(broker, "kept", .v5)
                try client.subscribe("t", 1)
                try client.disconnect()
            }
            let publisher = try RawClient.connected(to: broker, "publisher", .v5)
            let half = Self.messageCount / 2
            for number in (part * half)..<((part + 1) * half) {
                try publisher.publish1("t", "\(number)", id: 1 + number)
            }
            if isStopped {
                try publisher.disconnect()
                try broker.stop()
            } else {
                broker.process.signal(SIGKILL)
                _ = broker.process.wait(seconds: 10)
            }
        }
        return folder
    }

    /// What a start makes of the folder.
    private enum Answer: Equatable {
        /// It serves so many messages, the first ones that there were.
        case recovered(Int)
        case refused(String)
    }

    ///
    /// `mayHaveHoles` after a repair, which leaves out what cannot be read: a message whose place in the
    /// queue is lost comes last.
    private func answer(_ folder: PersistenceFolder, mayHaveHoles: Bool = false) throws -> Answer {
        let port = try Broker.freePort()
        let file = folder.path + "/test.conf"
        let text =
            (geteuid() == 0 ? "user root\n" : "")
            + configuration(folder).replacing("%PORT%", with: "\(port)")
        try text.write(toFile: file, atomically: false, encoding: .utf8)
        let process = try ChildProcess(
            Broker.executable,
            ["-c", file]
        )
        defer {
            process.signal(SIGKILL)
            _ = process.wait(seconds: 10)
        }
        if process.errors.wait(seconds: 20, where: { $0.hasSuffix(" running") }) == nil {
            guard let outcome = process.wait(seconds: 10) else { throw Mismatch("it hangs") }
            guard outcome.status == 1, outcome.errors.contains("Error: ") else {
                throw Mismatch("status \(outcome.status):\n\(outcome.errors)")
            }
            return .refused(outcome.errors)
        }
        let client = try RawClient(port: port)
        client.send(
            Wire.connect("kept", .v5, clean: false, properties: Property.sessionExpiry(1000))
        )
        let connack = try client.readPacket()
        guard connack.count > 3, connack[3] == 0 else { throw Mismatch(hexText(connack)) }
        var numbers: [Int] = []
        for _ in 0..<3 {
            client.send(Wire.pingreq)
            while let packet = client.nextPacket(seconds: 5), packet != Wire.pingresp {
                numbers.append(Int(String(decoding: packet.dropFirst(8), as: UTF8.self)) ?? -1)
                client.send(Wire.puback(Int(packet[5]) << 8 | Int(packet[6])))
            }
        }
        guard
            mayHaveHoles ? Set(numbers).count == numbers.count : numbers == Array(0..<numbers.count)
        else { throw Mismatch("not a beginning of what there was: \(numbers)") }
        return .recovered(numbers.count)
    }

    /// Ways to damage a file.
    enum Damage: String, CaseIterable {
        case cutInTwo, cutByOne, empty, headerFlipped, middleFlipped, lastFlipped, zeroes, removed

        func apply(to path: String) throws {
            let url = URL(fileURLWithPath: path)
            var bytes = Bytes(try Data(contentsOf: url))
            switch self {
            case .cutInTwo: bytes = Bytes(bytes.prefix(bytes.count / 2))
            case .cutByOne: bytes.removeLast()
            case .empty: bytes = []
            case .headerFlipped: bytes[30] ^= 0x10
            case .middleFlipped: bytes[bytes.count / 2] ^= 0x01
            case .lastFlipped: bytes[bytes.count - 1] ^= 0x80
            case .zeroes:
                for index in (bytes.count / 2)..<bytes.count { bytes[index] = 0 }
            case .removed:
                try FileManager.default.removeItem(atPath: path)
                return
            }
            try Data(bytes).write(to: url)
        }
    }

    @Test(
        "A damaged log is refused or read as far as it is whole, and can be repaired",
        arguments: Damage.allCases,
        [true, false]
    )
    func damaged(damage: Damage, isStopped: Bool) throws {
        for isNewest in [true, false] {
            let folder = try prepare(isStopped: isStopped)
            let files = try segments(folder)
            #expect(files.count >= 2)
            let file = try #require(isNewest ? files.last : files.first)
            try damage.apply(to: file)
            let place = "\(damage.rawValue) of \(isNewest ? "the newest" : "the first") segment"
            let first = try answer(folder)
            guard case .refused(let text) = first else {
                #expect(isNewest, "\(place) is not noticed: \(first)")
                continue
            }
            let name = (file as NSString).lastPathComponent
            #expect(text.contains(name), "\(place): no file is named in \(text)")
            #expect(text.contains("--repair"), "\(place): no way out is named in \(text)")
            let repaired = try start(folder, repairs: true)
            try repaired.waitForLog(containing: "Warning: \(folder.path)")
            try repaired.stop()
            // From now on all is well again.
            guard case .recovered = try answer(folder, mayHaveHoles: true) else {
                throw Mismatch("\(place): refused after it was repaired")
            }
        }
    }

    @Test("A whole log is read whole", arguments: [true, false])
    func whole(isStopped: Bool) throws {
        #expect(try answer(prepare(isStopped: isStopped)) == .recovered(Self.messageCount))
    }

    @Test("A second broker is refused, and told the process that has the folder")
    func locked() throws {
        let folder = try PersistenceFolder()
        let broker = try start(folder)
        guard case .refused(let text) = try answer(folder) else {
            throw Mismatch("two brokers have the same log")
        }
        #expect(
            text.contains("in use by another broker (process \(broker.process.pid))"),
            "\(text)"
        )
        // The first one has taken no harm.
        let client = try Sessions.open(broker, "kept", .v5)
        try client.disconnect()
        try broker.stop()
        #expect(try answer(folder) == .recovered(0))
    }
}
