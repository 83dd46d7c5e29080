// SPDX-License-Identifier: Apache-2.0
// Plugins that take their time or have threads of their own.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite(.serialized) struct HostThreadTests {
    static let listener = "listener %PORT% 127.0.0.1\nlog_type all\n"

    enum Slowness: String, CaseIterable, Sendable {
        case password, access, exchange

        /// Brings the plugin to think; the client is to be kept until it has.
        func provoke(_ broker: Broker) throws -> RawClient {
            switch self {
            case .password:
                let client = try RawClient(broker)
                client.send(Wire.connect("slow", .v5, username: "slow"))
                return client
            case .access:
                let client = try RawClient.connected(to: broker, "slow", .v5)
                client.publish("slow", "x")
                return client
            case .exchange:
                let client = try RawClient(broker)
                client.send(Wire.connect("slow", .v5, properties: [21] + Wire.string("SLOW")))
                return client
            }
        }
    }

    @Test("A plugin that thinks for two seconds delays nobody else", arguments: Slowness.allCases)
    func slowPlugin(slowness: Slowness) throws {
        let broker = try Broker(
            Self.listener + "plugin \(HostPlugin.sleeper.get().path)\n",
            workers: 1
        )
        let other = try RawClient.connected(to: broker, "other", .v5)
        let slow = try slowness.provoke(broker)
        try broker.waitForLog(containing: "REC thinks about \(slowness.rawValue)")
        var times: [Double] = []
        let clock = ContinuousClock()
        while times.count < 300 {
            let time = try clock.measure {
                other.send(Wire.pingreq)
                try other.expect(Wire.pingresp)
            }
            times.append(Double(time.components.attoseconds) / 1e15)
        }
        #expect(!broker.process.errors.text.contains(" ms in a '"), "the plugin still thinks")
        times.sort()
        #expect(times[times.count * 99 / 100] < 20)
        try broker.waitForLog(containing: " ms in a '", seconds: 10)
        if slowness != .access {
            #expect(try slow.readPacket().starts(with: [0x20]))
        }
        try broker.stop()
    }

    @Test("Two thousand authentications that take a second each finish within three")
    func manyDelayed() throws {
        let broker = try Broker(
            "listener %PORT% 127.0.0.1\nmax_pending_logins 0\n"
                + "plugin \(HostPlugin.delayer.get().path)\n",
            workers: 1,
            descriptorLimit: 8192
        )
        var limit = rlimit(rlim_cur: 8192, rlim_max: 8192)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        var clients: [RawClient] = []
        let clock = ContinuousClock()
        for index in 0..<2000 {
            let client = try RawClient(broker)
            client.send(Wire.connect("c\(index)"))
            clients.append(client)
        }
        let time = try clock.measure {
            for client in clients { try client.expect(Wire.connack(.v4)) }
        }
        #expect(time < .seconds(3))
        try broker.stop()
    }

    @Test("Delayed answers: refused, early, extended, and one at a time of a client identifier")
    func delayedAnswers() throws {
        let broker = try Broker(
            Self.listener + "plugin \(HostPlugin.delayer.get().path)\n",
            workers: 1
        )
        let refused = try RawClient(broker)
        refused.send(Wire.connect("no", username: "no"))
        let first = try RawClient(broker)
        first.send(Wire.connect("one"))
        try broker.waitForLog(containing: "REC delays one")
        let second = try RawClient(broker)
        second.send(Wire.connect("one"))
        let exchange = try RawClient(broker)
        exchange.send(Wire.connect("ext", .v5, properties: [21] + Wire.string("ANY")))
        _ = try RawClient.connected(to: broker, "early", username: "early")
        try refused.expectClosed(after: [0x20, 2, 0, 5])
        try first.expect(Wire.connack(.v4))
        // Then the other one is asked about; let in, it takes the session over.
        try second.expect(Wire.connack(.v4))
        try first.expectClosed()
        let connack = try exchange.readPacket()
        #expect(connack[3] == 0)
        #expect(String(decoding: connack, as: UTF8.self).contains("done"))
        try broker.stop()
    }

    @Test("A client that leaves while its plugin thinks is forgotten, and may come again after")
    func leaving() throws {
        let broker = try Broker(
            Self.listener + "plugin \(HostPlugin.delayer.get().path)\n",
            workers: 1
        )
        let first = try RawClient(broker)
        first.send(Wire.connect("one"))
        try broker.waitForLog(containing: "REC delays one")
        first.abort()
        let mark = broker.logMark
        try broker.waitForLog(containing: "Client one", from: 0)
        // The answer that is under way is meant for the first connection alone.
        let early = try RawClient(broker)
        early.send(Wire.connect("one", username: "no"))
        try early.expectClosed(after: [0x20, 2, 0, 5])
        _ = try RawClient.connected(to: broker, "one")
        #expect(broker.logMark > mark)
        try broker.stop()
    }

    @Test("Who leaves before its plugin is asked keeps nobody of its name out", arguments: [1, 4])
    func leavingAtOnce(workers: Int) throws {
        let broker = try Broker(
            Self.listener + "plugin \(HostPlugin.delayer.get().path)\n",
            workers: workers
        )
        let hasty = try RawClient(broker)
        hasty.send(Wire.connect("hasty"))
        hasty.abort()
        try broker.waitForLog(containing: "Client hasty")
        _ = try RawClient.connected(to: broker, "hasty")
        try broker.stop()
    }

    @Test(
        "After a reload a check and a CONNECT of one client take turns",
        arguments: [1, 4]
    )
    func checkBesideConnect(workers: Int) throws {
        let broker = try Broker(
            Self.listener + "plugin \(HostPlugin.delayer.get().path)\n",
            workers: workers
        )
        let asked = "REC delays one"
        let first = try RawClient.connected(to: broker, "one", username: "user")
        var mark = broker.logMark
        broker.process.signal(SIGHUP)
        try broker.waitForLog(exactly: asked, from: mark)
        // While the client inside is checked again, the same client comes anew.
        let second = try RawClient.connected(to: broker, "one", username: "user")
        try first.expectClosed()
        mark = broker.logMark
        let stranger = try RawClient(broker)
        stranger.send(Wire.connect("one", username: "no"))
        try broker.waitForLog(exactly: asked, from: mark)
        mark = broker.logMark
        // While a stranger of its name is asked about, the client inside is to be checked again.
        broker.process.signal(SIGHUP)
        try stranger.expectClosed(after: [0x20, 2, 0, 5])
        try broker.waitForLog(exactly: asked, from: mark)
        second.send(Wire.pingreq)
        try second.expect(Wire.pingresp)
        try broker.stop()
    }

    @Test("A plugin that never answers is given up after auth_timeout")
    func timeout() throws {
        let broker = try Broker(
            Self.listener + "auth_timeout 1\nplugin \(HostPlugin.delayer.get().path)\n",
            workers: 1
        )
        let client = try RawClient(broker)
        client.send(Wire.connect("c", username: "never"))
        try client.expectClosed(after: [0x20, 2, 0, 5])
        try broker.stop()
    }

    /// How long the threads of a plugin are busy: `PLUGIN_SECONDS`, a few by default.
    static let busySeconds =
        ProcessInfo.processInfo.environment["PLUGIN_SECONDS"].flatMap { Int($0) } ?? 3

    @Test("Threads of a plugin publish, kick and subscribe while clients come and go")
    func busybody() throws {
        let broker = try Broker(
            "listener %PORT% 127.0.0.1\nallow_anonymous true\nplugin \(HostPlugin.busybody.get().path)\n",
            workers: 2
        )
        let until = ContinuousClock.now + .seconds(Self.busySeconds)
        var served = 0
        while ContinuousClock.now < until {
            let kicked = try RawClient(broker)
            kicked.send(Wire.connect(unique("kick"), .v5))
            let client = try RawClient.connected(to: broker, unique("serve"), .v5)
            var topics: Set<String> = []
            while topics.count < 2, let packet = client.nextPacket(seconds: 5) {
                let text = String(decoding: packet, as: UTF8.self)
                for topic in ["busy/one", "busy/all"] where text.contains(topic) {
                    topics.insert(topic)
                }
            }
            #expect(topics.count == 2)
            while let packet = kicked.nextPacket(seconds: 5) {
                if packet == [0xE0, 1, 0x98] { break }
            }
            served += 1
        }
        #expect(served > 3)
        try broker.stop()
        #expect(broker.records == ["rounds many"])
    }

    @Test(
        "A thread-safe plugin is called on the reactors, beside another one on the main thread",
        arguments: [false, true]
    )
    func directLane(isBesideSerial: Bool) throws {
        var config = try Self.listener + "plugin \(HostPlugin.direct.get().path)\n"
        if isBesideSerial { try config += "plugin \(HostPlugin.sleeper.get().path)\n" }
        let broker = try Broker(config, workers: 4)
        let clients = try (0..<8).map {
            try RawClient.connected(to: broker, "c\($0)", .v5, username: "u")
        }
        for client in clients { try client.subscribe("all", 1) }
        try clients[0].publish1("by/payload", "bad", reason: 0x87)
        try clients[0].publish1("by/payload", "good", id: 2, reason: 0x10)
        clients[1].publish("all", "x")
        for client in clients { try client.expectPublish("all", "x") }
        let banned = try RawClient(broker)
        banned.send(Wire.connect("banned", .v5, username: "wrong"))
        try banned.expectClosed(after: Wire.packet(0x20, [0, 138, 0]))
        try broker.waitForLog(containing: "REC tick")
        try broker.stop()
        // In a process of its own, all are called on the first thread.
        let places =
            Broker.isolatesPlugins
            ? "main=1 elsewhere=0" : "main=\(isBesideSerial ? 1 : 0) elsewhere=1"
        #expect(
            broker.records == [
                "init on main=1", "tick on main=1 now=1 unregister=0",
                "calls on \(places) ticks=3 cleanup on main=1",
            ]
        )
    }

    @Test("The plugin thread comes second behind the reactors; without plugins nothing changes")
    func niceness() throws {
        let broker = try Broker(
            Self.listener + "plugin \(HostPlugin.sleeper.get().path)\n",
            workers: 1
        )
        // Clients may be served before the plugin thread has got round to it.
        let end = Date(timeIntervalSinceNow: 10)
        var threads = try broker.threadNiceness()
        while threads["mosquitto"] == threads["reactor-0"], Date() < end {
            usleep(5000)
            threads = try broker.threadNiceness()
        }
        let reactor = try #require(threads["reactor-0"])
        #expect(threads["mosquitto"] == min(19, reactor + 5))
        try broker.stop()
        let plain = try Broker(Self.listener, workers: 1)
        #expect(Set(try plain.threadNiceness().values).count == 1)
        try plain.stop()
    }

    @Test("Without a tick callback the plugin thread sleeps")
    func noPolling() throws {
        let broker = try Broker(
            "listener %PORT% 127.0.0.1\nallow_anonymous true\nsys_interval 0\n"
                + "plugin \(HostPlugin.helperA.get().path)\n",
            workers: 1
        )
        _ = try RawClient.connected(to: broker, "c")
        func switches() throws -> Int {
            let path = "/proc/\(broker.process.pid)/task/\(broker.process.pid)/status"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let found = try #require(text.firstMatch(of: /\nvoluntary_ctxt_switches:\t(\d+)/))
            return try #require(Int(found.1))
        }
        let before = try switches()
        let client = try RawClient.connected(to: broker, "d")
        #expect(client.nextPacket(seconds: 1) == nil)
        #expect(try switches() - before <= 1)
    }
}
