// SPDX-License-Identifier: Apache-2.0
// Late answers that name a connection, and those that name what anybody claims.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite struct HostTicketTests {
    static let listener = "listener %PORT% 127.0.0.1\nlog_type all\n"

    private func broker(_ options: String = "") throws -> Broker {
        try Broker(
            Self.listener + options + "plugin \(HostPlugin.ticket.get().path)\n",
            workers: 2
        )
    }

    @Test("Answers by ticket decide about one connection each, of one client identifier at once")
    func byTicket() throws {
        let broker = try broker()
        let strangers = try (0..<8).map { _ in
            let stranger = try RawClient(broker)
            stranger.send(Wire.connect("same", username: "no", password: "x"))
            return stranger
        }
        let owner = try RawClient(broker)
        owner.send(Wire.connect("same", username: "ok", password: "x"))
        let time = try ContinuousClock().measure { try owner.expect(Wire.connack(.v4)) }
        // Nobody waits for the eight before, which take 300 ms each.
        #expect(time < .seconds(2))
        for stranger in strangers { try stranger.expectClosed(after: [0x20, 2, 0, 5]) }
        owner.send(Wire.pingreq)
        try owner.expect(Wire.pingresp)
        try broker.stop()
    }

    @Test(
        "max_pending_logins bounds the logins of one address; one more is told to come later",
        arguments: [1, 3]
    )
    func pendingLogins(limit: Int) throws {
        let broker = try Broker(
            Self.listener + "max_pending_logins \(limit)\n"
                + "plugin \(HostPlugin.delayer.get().path)\n",
            workers: 1
        )
        let pending = try (0..<limit).map { index in
            let client = try RawClient(broker)
            client.send(Wire.connect("p\(index)"))
            try broker.waitForLog(exactly: "REC delays p\(index)")
            return client
        }
        let mark = broker.logMark
        let busy5 = try RawClient(broker)
        busy5.send(Wire.connect("p0", .v5, username: "early"))
        try busy5.expectClosed(after: Wire.packet(0x20, [0, 0x89, 0]))
        let busy3 = try RawClient(broker)
        busy3.send(Wire.connect("q", username: "early"))
        try busy3.expectClosed(after: [0x20, 2, 0, 3])
        for client in pending { try client.expect(Wire.connack(.v4)) }
        #expect(!broker.process.errors.lines.dropFirst(mark).contains { $0.contains("REC delays") })
        // What has been decided is not under way any more.
        _ = try RawClient.connected(to: broker, "r", username: "early")
        for client in pending {
            client.send(Wire.pingreq)
            try client.expect(Wire.pingresp)
        }
        try broker.stop()
    }

    @Test(
        "A name that no plugin knows is refused as soon as a wrong password: busy plugins delay neither",
        arguments: ["pass", "no"]
    )
    func unknownName(user: String) throws {
        let broker = try Broker(
            """
            log_type all
            plugin_load ticket \(HostPlugin.ticket.get().path)
            plugin_load sleeper \(HostPlugin.sleeper.get().path)
            listener %PORT% 127.0.0.1
            plugin_use ticket
            listener %PORT2% 127.0.0.1
            plugin_use sleeper

            """,
            workers: 1
        )
        let client = try RawClient(broker)
        client.send(Wire.connect("c", username: user, password: "x"))
        try broker.waitForLog(exactly: "REC asked \(user) 1")
        let slow = try RawClient(port: broker.ports[1])
        slow.send(Wire.connect("slow", username: "slow"))
        try broker.waitForLog(exactly: "REC thinks about password")
        try client.expectClosed(after: [0x20, 2, 0, 5])
        #expect(!broker.process.errors.text.contains(" ms in a '"), "the other plugin still thinks")
        try slow.expect(Wire.connack(.v4))
        try broker.stop()
    }

    @Test("A plugin learns by the ticket that the client has left")
    func leaving() throws {
        let broker = try broker()
        let hasty = try RawClient(broker)
        hasty.send(Wire.connect("hasty", username: "ok", password: "x"))
        try broker.waitForLog(exactly: "REC asked ok 1")
        hasty.abort()
        try broker.waitForLog(exactly: "REC ok awaited=0")
        try broker.stop()
    }

    @Test("By ticket a plugin can leave it to the others after all")
    func passing() throws {
        let broker = try Broker(
            Self.listener + "plugin \(HostPlugin.ticket.get().path)\n"
                + "plugin \(HostPlugin.delayer.get().path)\n",
            workers: 1
        )
        _ = try RawClient.connected(to: broker, "a", username: "pass", password: "x")
        try broker.waitForLog(exactly: "REC pass awaited=1")
        try broker.waitForLog(exactly: "REC delays a")
        try broker.stop()
    }

    @Test("A plugin may object to a client that has proven who it is without a password")
    func confirming() throws {
        let broker = try broker()
        let method = [21] + Wire.string("ANY")
        let barred = try RawClient(broker)
        barred.send(Wire.connect("a", .v5, username: "barred", properties: method))
        try barred.expectClosed(after: Wire.packet(0x20, [0, 0x87, 0]))
        let other = try RawClient(broker)
        other.send(Wire.connect("b", .v5, username: "other", properties: method))
        #expect(try other.readPacket().prefix(4).last == 0)
        try broker.stop()
    }

    @Test("Who answers by client identifier is asked about one connection of it at a time")
    func byIdentifier() throws {
        let broker = try Broker(
            Self.listener + "plugin \(HostPlugin.delayer.get().path)\n",
            workers: 2
        )
        // The answers come in another order than the questions: refused ones after accepted ones.
        let stranger = try RawClient(broker)
        stranger.send(Wire.connect("same", username: "no"))
        try broker.waitForLog(exactly: "REC delays same")
        let mark = broker.logMark
        let owner = try RawClient(broker)
        owner.send(Wire.connect("same", username: "early"))
        // The answer for the owner is given at once, but only when it is asked about.
        try stranger.expectClosed(after: [0x20, 2, 0, 5])
        try owner.expect(Wire.connack(.v4))
        try broker.waitForLog(exactly: "REC delays same", from: mark)
        try broker.stop()
    }

    @Test("An answer that comes after auth_timeout lets nobody else in")
    func lateAnswer() throws {
        let broker = try Broker(
            Self.listener + "auth_timeout 1\nplugin \(HostPlugin.delayer.get().path)\n",
            workers: 1
        )
        let slow = try RawClient(broker)
        slow.send(Wire.connect("same", username: "never"))
        try slow.expectClosed(after: [0x20, 2, 0, 5])
        // The plugin may yet answer for that one, so it is not asked about another.
        let mark = broker.logMark
        let next = try RawClient(broker)
        next.send(Wire.connect("same", username: "early"))
        #expect(next.nextPacket(seconds: 0.4) == nil)
        #expect(!broker.process.errors.lines.dropFirst(mark).contains { $0.contains("REC delays") })
        try broker.stop()
    }
}
