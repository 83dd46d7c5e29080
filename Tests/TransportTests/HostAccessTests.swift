// SPDX-License-Identifier: Apache-2.0
// `/etc/hosts.allow` and `/etc/hosts.deny`, beside Debian's broker.

import Foundation
import TestSupport
import Testing

@Suite(
    "Host access rules",
    .serialized,
    .disabled(if: GuardedBroker.refusal != nil, "\(GuardedBroker.refusal ?? "")")
)
struct HostAccessTests {
    private struct Row {
        let allow: String
        let deny: String
        let isAllowed: Bool
    }

    /// Rules, and whether a client from 127.0.0.1 is let in.
    private static let table: [Row] = [
        Row(allow: "", deny: "", isAllowed: true),
        Row(allow: "", deny: "ALL: ALL\n", isAllowed: false),
        Row(allow: "mosquitto: 127.0.0.1\n", deny: "ALL: ALL\n", isAllowed: true),
        Row(allow: "mosquitto: 192.0.2.1\n", deny: "ALL: ALL\n", isAllowed: false),
        Row(allow: "sshd: ALL\n", deny: "ALL: ALL\n", isAllowed: false),
        Row(allow: "", deny: "mosquitto: 127.0.0.1\n", isAllowed: false),
        Row(allow: "", deny: "mosquitto: 192.0.2.1\n", isAllowed: true),
        Row(allow: "", deny: "mosquitto: 127.0.0.\n", isAllowed: false),
        Row(allow: "", deny: "mosquitto: 127.0.0.0/255.0.0.0\n", isAllowed: false),
        Row(allow: "", deny: "mosquitto: 127.0.0.0/255.0.0.0", isAllowed: false),
        Row(allow: "", deny: "sshd: ALL\n", isAllowed: true),
        Row(allow: "", deny: "sshd, mosquitto : ALL\n", isAllowed: false),
        Row(allow: "", deny: "sshd\tmosquitto: ALL\n", isAllowed: false),
        Row(allow: "", deny: "ALL EXCEPT mosquitto: ALL\n", isAllowed: true),
        Row(allow: "", deny: "sshd \\\n mosquitto: ALL\n", isAllowed: false),
        Row(allow: "", deny: "# mosquitto: ALL\n", isAllowed: true),
        Row(allow: "", deny: "mosquitto: localhost\n", isAllowed: false),
        Row(allow: "", deny: "Mosquitto: all\n", isAllowed: false),
        Row(allow: "", deny: "mosq*: ALL\n", isAllowed: false),
        Row(allow: "", deny: "mosquitto: ALL EXCEPT 127.0.0.1\n", isAllowed: true),
        Row(allow: "", deny: "mosquitto@127.0.0.1: ALL\n", isAllowed: false),
        Row(allow: "", deny: "mosquitto@192.0.2.1: ALL\n", isAllowed: true),
        Row(allow: "mosquitto: ALL: deny\n", deny: "", isAllowed: false),
        Row(allow: "mosquitto: ALL: allow\n", deny: "ALL: ALL\n", isAllowed: true),
        Row(allow: "mosquitto: ALL: severity auth.info: allow\n", deny: "", isAllowed: true),
        Row(allow: "", deny: "nonsense\n", isAllowed: true),
        Row(allow: "", deny: "mosquitto: PARANOID\n", isAllowed: true),
        Row(allow: "", deny: "mosquitto: KNOWN\n", isAllowed: false),
        Row(allow: "mosquitto: ALL: spawn /bin/true\n", deny: "ALL: ALL\n", isAllowed: true),
        Row(allow: "", deny: "", isAllowed: true),
    ]

    @Test(
        "A table of rules is decided alike by Debian's broker and this one, while they run",
        arguments: Broker.Program.installed
    )
    func table(program: Broker.Program) throws {
        let guarded = try GuardedBroker(of: program)
        for row in Self.table {
            try guarded.set(allow: row.allow, deny: row.deny)
            let mark = guarded.broker.logMark
            #expect(try guarded.letsIn() == row.isAllowed, "\(row)")
            guard !row.isAllowed else { continue }
            try guarded.broker.waitForLog(
                exactly: "Client connection from 127.0.0.1 denied access by tcpd.",
                from: mark
            )
        }
        try guarded.broker.stop()
    }

    @Test("Who waits for an answer delays nobody but who comes next", arguments: [1, 2])
    func slow(workers: Int) throws {
        let guarded = try GuardedBroker(workers: workers)
        let inside = try RawClient.connected(to: guarded.broker, "inside", .v5)
        try guarded.set(allow: "mosquitto: ALL: spawn /bin/sleep 2\n", deny: "")
        let waiting = try (0..<2).map { index in
            let client = try RawClient(guarded.broker)
            client.send(Wire.connect("w\(index)"))
            return client
        }
        let clock = ContinuousClock()
        let start = clock.now
        var rounds = 0
        while start.duration(to: clock.now) < .seconds(1) {
            let time = try clock.measure {
                inside.send(Wire.pingreq)
                try inside.expect(Wire.pingresp)
            }
            #expect(time < .milliseconds(500))
            rounds += 1
        }
        #expect(rounds > 100)
        for client in waiting {
            guard let answer = client.nextPacket(seconds: 15) else {
                throw Mismatch("no CONNACK after the wait")
            }
            #expect(answer == Wire.connack(.v4))
        }
        #expect(start.duration(to: clock.now) >= .seconds(4), "one is asked about at a time")
        try guarded.broker.stop()
    }

    @Test("The broker ends in time while somebody waits")
    func stopping() throws {
        let guarded = try GuardedBroker(allow: "mosquitto: ALL: spawn /bin/sleep 60\n")
        let client = try RawClient(guarded.broker)
        client.send(Wire.connect("w"))
        #expect(client.nextPacket(seconds: 0.2) == nil)
        try guarded.broker.stop()
    }

    @Test("Who waits has a place; who is denied has none any more")
    func places() throws {
        let guarded = try GuardedBroker(
            deny: "ALL: ALL\n",
            listener: "max_connections 1\n"
        )
        for _ in 0..<5 { #expect(try !guarded.letsIn()) }
        try guarded.set(allow: "mosquitto: ALL: spawn /bin/sleep 1\n", deny: "")
        let first = try RawClient(guarded.broker)
        first.send(Wire.connect("first"))
        let second = try RawClient(guarded.broker)
        try second.expectClosed()
        try guarded.broker.waitForLog(
            exactly: "Client connection from 127.0.0.1 denied: max_connections exceeded."
        )
        guard let answer = first.nextPacket(seconds: 10) else { throw Mismatch("no CONNACK") }
        #expect(answer == Wire.connack(.v4))
        try first.disconnect()
        try guarded.broker.stop()
    }

    @Test("Who leaves while it waits does no harm")
    func leaving() throws {
        let guarded = try GuardedBroker(
            allow: "mosquitto: ALL: spawn /bin/sleep 1\n",
            listener: "max_connections 2\n"
        )
        for _ in 0..<2 {
            let client = try RawClient(guarded.broker)
            client.send(Wire.connect("gone"))
            client.abort()
        }
        try guarded.broker.waitForLog(containing: "New connection from 127.0.0.1")
        try guarded.set(allow: "", deny: "")
        #expect(try guarded.letsIn())
        try guarded.broker.stop()
    }

    @Test("Behind a proxy the proxy's address counts", arguments: [true, false])
    func proxy(isProxyAllowed: Bool) throws {
        let address = isProxyAllowed ? "192.0.2.9" : "127.0.0.1"
        let guarded = try GuardedBroker(
            deny: "mosquitto: \(address)\n",
            listener: "enable_proxy_protocol 1\n"
        )
        let head = utf8("PROXY TCP4 192.0.2.9 10.0.0.1 6275 1883\r\n")
        #expect(try guarded.letsIn(head: head) == isProxyAllowed)
        try guarded.broker.stop()
    }

    @Test("Nothing is written about who is denied with connection_messages false")
    func silence() throws {
        let guarded = try GuardedBroker(deny: "ALL: ALL\n", head: "connection_messages false\n")
        #expect(try !guarded.letsIn())
        try guarded.broker.stop()
        #expect(!guarded.broker.process.errors.text.contains("denied"))
    }

    @Test("A listener of the HTTP API is guarded, one of a Unix socket is not")
    func otherListeners() throws {
        let guarded = try GuardedBroker(
            deny: "ALL: ALL\n",
            listener: "listener 0 %DIR%/socket\nlistener %PORT2% 127.0.0.1\nprotocol http_api\n"
        )
        let local = try RawClient(path: guarded.broker.directory + "/socket")
        local.send(Wire.connect("local"))
        try local.expect(Wire.connack(.v4))
        let http = try RawClient(port: guarded.broker.ports[1])
        http.send(utf8("GET /api/v1/version HTTP/1.1\r\nHost: x\r\n\r\n"))
        try http.expectClosed()
        try guarded.broker.stop()
    }

    @Test("A rule that would put another program in the broker's place does not")
    func twist() throws {
        let guarded = try GuardedBroker(allow: "mosquitto: ALL: twist /bin/echo gone\n")
        #expect(try !guarded.letsIn())
        try guarded.set(allow: "", deny: "")
        #expect(try guarded.letsIn())
        try guarded.broker.stop()
    }
}
