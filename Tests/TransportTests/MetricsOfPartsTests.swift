// SPDX-License-Identifier: Apache-2.0
// Metrics of a broker that has one of each part: TLS, plugins, a session log.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Metrics of all parts")
struct MetricsOfPartsTests {
    /// `mon` with the password `secret` may read metrics and has the topic `a`.
    private static let files = [
        "rules": "user mon\ntopic read /metrics\ntopic readwrite a\n",
        "passwords": "mon:\(PasswordVectors.all[2])\n",
    ]

    private static func config() throws -> String {
        """
        password_file %DIR%/passwords
        acl_file %DIR%/rules
        persistence true
        persistence_location %DIR%/
        persistence_fsync always
        memory_limit 1000000000
        sys_interval 0
        plugin \(Broker.plugin("sparkplug_aware"))
        plugin_isolation process
        listener %PORT% 127.0.0.1
        protocol http_api
        \(try tlsListener("%PORT2%"))
        listener %PORT3% 127.0.0.1
        max_connections 1

        """
    }

    private static func metrics(_ broker: Broker, _ password: String = "secret") throws -> String {
        let credentials = Data("mon:\(password)".utf8).base64EncodedString()
        let field = "Authorization: Basic \(credentials)"
        return try HTTPGet.request(broker, "GET /metrics", [field]).body
    }

    private static func connect(_ name: String, password: String = "secret") -> Bytes {
        Wire.connect(name, clean: false, username: "mon", password: password)
    }

    /// What clients do here, and what comes of it; the clients are there as long as they are held.
    private static func act(_ broker: Broker) throws -> [RawClient] {
        let options = ClientTLS(authorities: try certificates().path("ca.crt"))
        let inside = try RawClient(port: broker.ports[1], over: .tls(options))
        inside.send(connect("inside"))
        try inside.expect(Wire.connack(.v4))
        try inside.subscribe("a")
        inside.publish("a", "there", retain: true)
        try inside.expectPublish("a", "there")
        try inside.publish1("b", "denied")
        try inside.publish1("nobody", "denied")
        let plain = try RawClient(port: broker.ports[1])
        plain.sendRaw(utf8("GET / HTTP/1.1\r\n\r\n"))
        try plain.expectClosed()
        let wrong = try RawClient(port: broker.ports[2])
        wrong.send(connect("wrong", password: "guess"))
        try wrong.expect([0x20, 2, 0, 5])
        try wrong.expectClosed()
        let only = try RawClient(port: broker.ports[2])
        only.send(connect("only"))
        try only.expect(Wire.connack(.v4))
        try RawClient(port: broker.ports[2]).expectClosed()
        return [inside, only]
    }

    @Test("Every family of the document is there, with what has happened")
    func families() throws {
        let broker = try Broker(try Self.config(), workers: 2, files: Self.files)
        let clients = try Self.act(broker)
        #expect(try Self.metrics(broker, "guess").isEmpty == false)
        let mark = broker.logMark
        try broker.rewrite(try Self.config() + "nonsense true\n")
        broker.process.signal(SIGHUP)
        try broker.waitForLog(containing: "was not reloaded", from: mark)
        let text = try Self.metrics(broker)
        try Self.expectDocumented(text)
        let tls = "listener=\"127.0.0.1:\(broker.ports[1])\",protocol=\"mqtt\""
        let full = "listener=\"127.0.0.1:\(broker.ports[2])\",protocol=\"mqtt\""
        for (series, number) in [
            ("ready", 1), ("config_last_reload_successful", 0),
            ("memory_limit_bytes", 1_000_000_000), ("sessions", 2),
            ("clients_connected{protocol_version=\"3.1.1\"}", 2), ("connects_total", 2),
            ("sessions_created_total", 2), ("disconnects_total{reason=\"not_authorized\"}", 1),
            ("subscriptions", 1), ("retained_messages", 1), ("retained_bytes", 5),
            ("publish_received_total{qos=\"1\"}", 2), ("publish_sent_total{qos=\"0\"}", 1),
            ("publish_dropped_total{reason=\"access_denied\"}", 2),
            ("packets_sent_total{type=\"puback\"}", 2),
            ("listener_connections{\(full)}", 1), ("listener_connections_limit{\(full)}", 1),
            ("listener_rejected_total{\(full),reason=\"max_connections\"}", 1),
            ("tls_handshakes_total{\(tls),result=\"done\"}", 1),
            ("tls_handshakes_total{\(tls),result=\"failed\"}", 1),
            ("tls_handshake_seconds_count{\(tls)}", 1),
            ("authentications_total{result=\"accepted\",method=\"password\"}", 2),
            ("authentications_total{result=\"refused\",method=\"password\"}", 1),
            ("authentications_total{result=\"refused\",method=\"http\"}", 1),
            ("authentications_pending", 0),
            ("authorizations_total{access=\"write\",result=\"denied\",decider=\"plugin\"}", 2),
            ("persistence_writable", 1), ("persistence_errors_total", 0),
            ("http_requests_total{handler=\"metrics\",code=\"4xx\"}", 1),
        ] as [(String, Double)] {
            let found = HTTPGet.number("mosquitto_" + series, in: text)
            #expect(found == number, "\(series)")
        }
        for name in [
            "persistence_log_bytes", "persistence_sync_seconds_count", "heap_maximum_bytes",
            "messages_stored", "uptime_seconds", "config_last_reload_success_timestamp_seconds",
            "log_lines_total{level=\"error\"}",
            "reactor_busy_seconds_total{reactor=\"0\"}",
            "plugin_calls_total{plugin=\"acl-file\",event=\"acl-check\"}",
        ] {
            #expect(HTTPGet.number("mosquitto_" + name, in: text) ?? 0 > 0, "\(name)")
        }
        withExtendedLifetime(clients) {}
        try broker.stop()
    }

    /// Each family of docs/monitoring.md is in the text, and each in the text is there.
    private static func expectDocumented(_ text: String) throws {
        let path = Broker.packageRoot + "/docs/monitoring.md"
        let document = try String(contentsOfFile: path, encoding: .utf8)
        let named = Set(
            document.matches(of: #/\b(?:mosquitto|process)_[a-z0-9_]+/#).map { String($0.output) }
        )
        let there = Set(text.matches(of: #/# TYPE (\S+) /#).map { String($0.output.1) })
        #expect(named.subtracting(there).isEmpty, "\(named.subtracting(there).sorted())")
        #expect(there.subtracting(named).isEmpty, "\(there.subtracting(named).sorted())")
    }
}
