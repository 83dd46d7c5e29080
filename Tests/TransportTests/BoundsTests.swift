// SPDX-License-Identifier: Apache-2.0
// Peers that speak the wrong protocol or stop half-way: closed, logged once, and nothing leaks.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Wrong peers")
struct BoundsTests {
    private static func config() throws -> String {
        let plain = "listener %PORT2% 127.0.0.1\n"
        return try open + tlsListener() + plain
            + "listener %PORT3% 127.0.0.1\nprotocol websockets\n"
    }

    /// The lines about one client's end that came since `mark`.
    private static func lines(_ broker: Broker, from mark: Int) -> [String] {
        broker.process.errors.lines.dropFirst(mark).map(Broker.withoutTimeStamp)
            .filter { !$0.hasPrefix("New connection from") }
    }

    @Test(
        "Somebody who does not speak TLS is closed with one line",
        arguments: [
            Wire.connect("plain"), utf8("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), [0, 1, 2, 3, 4],
        ]
    )
    func plainOnTLS(bytes: Bytes) throws {
        let broker = try Broker(Self.config(), workers: 1)
        let mark = broker.logMark
        let client = try RawClient(broker)
        client.send(bytes)
        _ = client.nextPacket(seconds: 2)
        #expect(client.isClosed)
        try broker.waitForLog(containing: "Client connection from 127.0.0.1 failed: ", from: mark)
        #expect(Self.lines(broker, from: mark).count == 1)
        try broker.stop()
    }

    @Test("Somebody who speaks TLS to a plain listener is closed, and the log says so")
    func tlsOnPlain() throws {
        let broker = try Broker(Self.config(), workers: 1)
        #expect(throws: Mismatch.self) {
            _ = try RawClient(port: broker.ports[1], over: .tls(certificates().client))
        }
        try broker.waitForLog(
            containing: "appears to be using TLS to connect to a non-TLS listener."
        )
        #expect(throws: Mismatch.self) {
            _ = try RawClient(port: broker.ports[2], over: .tls(certificates().client))
        }
        try broker.waitForLog(containing: "disconnected: malformed HTTP request.")
        try broker.stop()
    }

    @Test("Connections that end at any point of a handshake leave nothing behind")
    func halfway() throws {
        let broker = try Broker(Self.config(), workers: 2)
        let hello = try Self.clientHello()
        func round(_ count: Int) throws {
            for index in 0..<count {
                let client = try RawClient(broker)
                client.send(Bytes(hello[..<(hello.count * (index % 10 + 1) / 10)]))
                if index % 3 == 0 { client.abort() }
                if index % 3 == 1 { _ = client.nextPacket(seconds: 0.001) }
            }
            // The last one's end is behind those of all others at its reactor.
            try RawClient.overTLS(broker, certificates().client).expectEcho()
        }
        func descriptors() throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/\(broker.process.pid)/fd")
                .count
        }
        // Before the first client: what the broker has, and what it has inherited.
        let idle = try descriptors()
        // What so many take at once stays with the process, and is there for the next as many.
        try round(3000)
        let before = try broker.memory().resident
        try round(3000)
        try eventually {
            let open = try descriptors()
            if open > idle + 3 { throw Mismatch("\(open) descriptors are open instead of \(idle)") }
        }
        let growth = try broker.memory().resident - before
        #expect(growth < 8 << 20, "grew by \(growth) bytes")
        try broker.stop()
    }

    /// The first flight of a real client.
    static func clientHello() throws -> Bytes {
        var ends: [CInt] = [0, 0]
        let result = socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends)
        guard result == 0 else { throw Mismatch("socketpair") }
        defer { for end in ends { close(end) } }
        let listener = try ClientHello(descriptor: ends[0])
        listener.start()
        var bytes = Bytes(repeating: 0, count: 4096)
        let count = recv(ends[1], &bytes, bytes.count, 0)
        return Bytes(bytes.prefix(max(0, count)))
    }

    @Test("A handshake that stops is ended after the time for CONNECT", .timeLimit(.minutes(3)))
    func timeout() throws {
        let broker = try Broker(Self.config(), workers: 1)
        let silent = try RawClient(broker)
        let partial = try RawClient(broker)
        partial.send(Bytes(try Self.clientHello().prefix(50)))
        let page = try RawClient(port: broker.ports[2])
        page.send(utf8("GET / HTTP/1.1\r\n"))
        for client in [silent, partial, page] {
            try client.expectClosed(seconds: 35)
        }
        try broker.waitForLog(containing: "disconnected: exceeded timeout.")
        try broker.stop()
    }
}
