// SPDX-License-Identifier: Apache-2.0
// What is answered while no clients are served.

import Config
import Log
import Net
import TestSupport
import Testing

@testable import Core

@Suite("While no clients are served")
struct HealthServerTests {
    private static func broker() throws -> Core.Broker {
        var listener = ListenerConfiguration(port: 0, host: "127.0.0.1")
        listener.protocol = .httpApi
        var configuration = Configuration()
        configuration.listeners = [listener]
        configuration.logging.destinations = []
        let log = Log()
        log.configure(configuration.logging)
        return try Core.Broker(configuration, workerCount: 1, log: log)
    }

    private static func answer(_ port: Int, _ line: String) throws -> String {
        let client = try RawClient(port: port)
        client.sendRaw(utf8("\(line) HTTP/1.1\r\nHost: a\r\n\r\n"))
        let head = try client.readHead()
        let length = head.split(separator: "\r\n").first { $0.hasPrefix("Content-Length: ") }
        let count = try #require(length.flatMap { Int($0.dropFirst(16)) })
        let body = line.hasPrefix("HEAD") ? [] : try client.readBytes(count)
        try client.expectClosed()
        return head + String(decoding: body, as: UTF8.self)
    }

    @Test("Who asks during start and end is told how far it is, without a login")
    func restoring() throws {
        let broker = try Self.broker()
        let sockets = try ListenerOpener.open(broker.settings, log: broker.log)
        try ListenerOpener.listen(on: sockets, broker.settings.configuration)
        let port = Int(try #require(sockets.first).port)
        broker.health.phase = .restoring
        broker.health.noteReading(84, of: 100)
        let server = try #require(try HealthServer(broker, sockets: sockets))
        #expect(try Self.answer(port, "GET /health/live").hasPrefix("HTTP/1.1 200 OK\r\n"))
        let ready = try Self.answer(port, "GET /health/ready")
        #expect(ready.hasPrefix("HTTP/1.1 503 "))
        #expect(ready.hasSuffix("\r\n\r\n{\"status\":\"restoring\",\"done\":0.42}\n"))
        #expect(try Self.answer(port, "HEAD /health/ready").hasPrefix("HTTP/1.1 503 "))
        for (line, status) in [
            ("GET /metrics", "503"), ("GET /api/v1/version", "503"), ("POST /metrics", "405"),
            ("GET /%zz", "400"),
        ] {
            #expect(try Self.answer(port, line).hasPrefix("HTTP/1.1 \(status) "), "\(line)")
        }
        broker.health.phase = .stopping
        let stopping = try Self.answer(port, "GET /health/ready")
        #expect(
            stopping.hasPrefix("HTTP/1.1 503 ") && stopping.hasSuffix("{\"status\":\"stopping\"}\n")
        )
        #expect(try Self.answer(port, "GET /metrics").hasSuffix("The broker is stopping.\n"))
        server.stop()
        server.stop()
    }

    @Test("Nobody can connect to a listener before it is told to listen")
    func listening() throws {
        let broker = try Self.broker()
        let sockets = try ListenerOpener.open(broker.settings, log: broker.log)
        let port = Int(try #require(sockets.first).port)
        #expect(throws: (any Error).self) { try RawClient(port: port) }
        try ListenerOpener.listen(on: sockets, broker.settings.configuration)
        _ = try RawClient(port: port)
    }
}
