// SPDX-License-Identifier: Apache-2.0
// Logins under way: nobody keeps another out, none is worked on for nobody, each has its time.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Logins")
struct Logins {
    /// `user`, `password`, with a hash that takes a while to compute.
    static let dear = Result { try dearPasswordFile() }

    private static func dearPasswordFile() throws -> String {
        let path = NSTemporaryDirectory() + "mosquitto-dear-\(getpid())"
        defer { unlink(path) }
        let program = Broker.executable.replacing("/mosquitto", with: "/mosquitto_passwd")
        let outcome = try ChildProcess.run(
            program,
            ["-c", "-I", "30000", "-b", path, "user", "password"],
            seconds: 30
        )
        guard outcome.status == 0 else { throw Mismatch("mosquitto_passwd: \(outcome.errors)") }
        return try String(contentsOfFile: path, encoding: .utf8)
    }

    private static func broker(_ options: String = "", workers: Int = 2) throws -> Broker {
        try Broker(
            "log_type all\n\(options)listener %PORT% 127.0.0.1\npassword_file %DIR%/pw\n",
            workers: workers,
            files: ["pw": dear.get()]
        )
    }

    private static func login(_ id: String, _ password: String, _ version: Version = .v4) -> Bytes {
        Wire.connect(id, version, username: "user", password: password)
    }

    @Test("Strangers with the owner's client identifier and a wrong password keep nobody out")
    func lockout() throws {
        let broker = try Self.broker()
        for _ in 0..<5 {
            let strangers = try (0..<3).map { _ in
                let stranger = try RawClient(broker)
                stranger.send(Self.login("owner", "wrong"))
                return stranger
            }
            let owner = try RawClient(broker)
            owner.send(Self.login("owner", "password"))
            try owner.expect(Wire.connack(.v4), seconds: 20)
            for stranger in strangers {
                try stranger.expect([0x20, 2, 0, 5], seconds: 20)
                try stranger.expectClosed()
            }
            try owner.disconnect()
        }
        try broker.stop()
    }

    @Test("Work for logins whose clients have gone is dropped before it begins")
    func abandoned() throws {
        let broker = try Self.broker("max_pending_logins 0\n")
        let clock = ContinuousClock()
        let alone = try clock.measure {
            let client = try RawClient(broker)
            client.send(Self.login("a", "password"))
            try client.expect(Wire.connack(.v4), seconds: 20)
        }
        for index in 0..<200 {
            let hasty = try RawClient(broker)
            hasty.send(Self.login("x\(index)", "wrong"))
            hasty.abort()
        }
        let loaded = try clock.measure {
            let client = try RawClient(broker)
            client.send(Self.login("b", "password"))
            try client.expect(Wire.connack(.v4), seconds: 60)
        }
        // Two hundred logins one after the other took two hundred times as long.
        #expect(loaded < max(alone, .milliseconds(20)) * 60)
        try broker.stop()
    }

    @Test("A client that leaves while it is logging in gives its place back")
    func places() throws {
        let broker = try Self.broker("max_pending_logins 1\n", workers: 1)
        for index in 0..<5 {
            let hasty = try RawClient(broker)
            hasty.send(Self.login("h\(index)", "password"))
            hasty.abort()
            try broker.waitForLog(containing: "Client h\(index)")
        }
        let client = try RawClient(broker)
        client.send(Self.login("c", "password"))
        try client.expect(Wire.connack(.v4), seconds: 20)
        try broker.stop()
    }

    @Test("After a reload clients are asked again a few at a time: a login waits for no crowd")
    func reload() throws {
        let broker = try Self.broker("max_pending_logins 0\n", workers: 1)
        let clients = try (0..<30).map { index in
            let client = try RawClient(broker)
            client.send(Self.login("c\(index)", "password"))
            return client
        }
        for client in clients { try client.expect(Wire.connack(.v4), seconds: 60) }
        let clock = ContinuousClock()
        try Reload.reload(broker)
        let time = try clock.measure {
            let client = try RawClient(broker)
            client.send(Self.login("new", "password"))
            try client.expect(Wire.connack(.v4), seconds: 60)
        }
        let all = try clock.measure {
            for client in clients {
                client.send(Wire.pingreq)
                try client.expect(Wire.pingresp)
            }
        }
        #expect(time < .seconds(5))
        #expect(all < .seconds(5))
        // Every one of them is asked about in the end, and stays.
        for client in clients {
            client.send(Wire.pingreq)
            try client.expect(Wire.pingresp)
        }
        try broker.stop()
    }

    @Test(
        "Nobody puts the end of the time for CONNECT off by sending it slowly",
        .timeLimit(.minutes(3))
    )
    func slowConnect() throws {
        let broker = try Broker(workers: 1)
        let packet = Wire.connect(
            "slow",
            .v5,
            will: Will("w", String(repeating: "x", count: 60_000))
        )
        let client = try RawClient(broker)
        let began = ContinuousClock.now
        client.send(Bytes(packet.prefix(100)))
        for second in 1...3 {
            #expect(client.nextPacket(seconds: 8) == nil)
            client.send(Bytes(packet[(100 * second)..<(100 * second + 100)]))
        }
        try client.expectClosed(seconds: 12)
        let time = ContinuousClock.now - began
        #expect(time > .seconds(28) && time < .seconds(34))
        try broker.waitForLog(containing: "disconnected: exceeded timeout.")
        try broker.stop()
    }
}
