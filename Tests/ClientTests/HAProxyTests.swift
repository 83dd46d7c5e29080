// SPDX-License-Identifier: Apache-2.0
// A proxy other people wrote in front of the broker: haproxy, which says who the clients are and asks how the broker does.

import Foundation
import Glibc
import TestSupport
import Testing

/// Where Debian puts it.
private let program = "/usr/sbin/haproxy"

@Suite("haproxy", .enabled(if: RealClientTests.isLong && access(program, X_OK) == 0))
struct HAProxyTests {
    /// haproxy takes what comes to `%PORT3%`, and looks every 50 ms whether the broker is there.
    private static func configuration(_ broker: Broker) -> String {
        """
        defaults
            mode tcp
            timeout connect 5s
            timeout client 60s
            timeout server 60s
        frontend clients
            bind 127.0.0.1:\(broker.ports[2])
            default_backend brokers
        backend brokers
            server broker 127.0.0.1:\(broker.port) send-proxy-v2 check check-send-proxy inter 50 fall 1 rise 1

        """
    }

    @Test("haproxy with send-proxy-v2 and its health check", arguments: Broker.reactorCounts)
    func proxied(workers: Int) throws {
        let broker = try Broker(
            """
            log_type all
            listener %PORT% 127.0.0.1
            allow_anonymous true
            enable_proxy_protocol 2

            """,
            workers: workers
        )
        let path = broker.directory + "/haproxy.cfg"
        try Self.configuration(broker).write(toFile: path, atomically: false, encoding: .utf8)
        let proxy = try ChildProcess(program, ["-db", "-f", path])
        // The health check says LOCAL and hangs up: the broker takes it for what it is.
        var mark = 0
        for _ in 0..<3 {
            try broker.waitForLog(
                containing: "disconnected: connection closed by client.",
                from: mark
            )
            mark = broker.logMark
        }
        for version in [Version.v4, .v5] {
            let id = unique("proxied")
            let client = try connected(port: broker.ports[2], id, version)
            try broker.waitForLog(
                containing: "connected from 127.0.0.1:\(client.localPort) as \(id) "
            )
            try client.subscribe("t/\(id)")
            client.publish("t/\(id)", "through it")
            try client.expectPublish("t/\(id)", "through it")
            try client.disconnect()
        }
        let errors = proxy.errors.text
        #expect(!errors.contains("is DOWN"), "\(errors)")
        #expect(!broker.process.errors.text.contains("corrupt"))
        proxy.signal(SIGTERM)
        try broker.stop()
    }

    /// haproxy may still be starting.
    private func connected(port: Int, _ id: String, _ version: Version) throws -> RawClient {
        let client = try RawClient(port: port)
        client.send(Wire.connect(id, version))
        try client.expect(Wire.connack(version))
        client.speak(version)
        return client
    }
}
