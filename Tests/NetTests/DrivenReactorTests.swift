// SPDX-License-Identifier: Apache-2.0
// Turns made by hand, and a clock that is put forward.

import CLinux
import Glibc
import Testing

@testable import Net

@Suite("A reactor driven by hand")
struct DrivenReactorTests {
    @Test("A turn does what is ready and does not wait")
    func turns() throws {
        let bench = try Bench()
        #expect(!bench.reactor.isReady)
        bench.reactor.turn()
        #expect(bench.reader.received.isEmpty)
        bench.send("one")
        #expect(bench.reactor.isReady)
        bench.reactor.turn()
        #expect(bench.reader.received == Array("one".utf8))
        #expect(!bench.reactor.isReady)
    }

    @Test("What is written leaves at the end of the turn")
    func output() throws {
        let bench = try Bench()
        bench.connection.write(Array("answer".utf8))
        #expect(bench.receive() == [])
        #expect(bench.reactor.isReady)
        bench.reactor.turn()
        #expect(bench.receive() == Array("answer".utf8))
        #expect(!bench.reactor.isReady)
    }

    @Test("A deadline fires in the turn after its second, not before")
    func clock() throws {
        let bench = try Bench()
        bench.reactor.turn()
        let before = bench.reactor.nowSeconds
        bench.connection.setDeadline(before + 60)
        bench.reactor.advanceClock(seconds: 58)
        bench.reactor.turn()
        #expect(bench.reader.timeouts == 0)
        bench.reactor.advanceClock(seconds: 2)
        #expect(bench.reactor.isReady)
        bench.reactor.turn()
        #expect(bench.reader.timeouts == 1)
        #expect(bench.reactor.nowSeconds >= before + 60)
    }

    @Test("Closing all connections ends them for their peers")
    func closing() throws {
        let bench = try Bench()
        bench.reactor.closeConnections()
        #expect(bench.connection.isClosed)
        #expect(bench.receive() == nil)
        #expect(bench.reactor.connectionCount == 0)
    }
}

/// A reactor with one connection, whose other end is here.
private final class Bench {
    let reactor: Reactor
    let connection: Connection
    let reader = Reader()
    private let peer: OwnedDescriptor

    init() throws {
        var ends: [CInt] = [-1, -1]
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw SystemError("socketpair") }
        peer = OwnedDescriptor(ends[1])
        reactor = try Reactor(index: 0, waker: try Waker())
        connection = try reactor.adopt(
            OwnedDescriptor(ends[0]),
            peer: .unix(path: "test"),
            over: TransportPlan()
        )
        connection.handler = reader
    }

    deinit { reactor.closeConnections() }

    func send(_ text: String) { _ = write(peer.rawValue, text, text.utf8.count) }

    /// What has come; nil at the end of the stream.
    func receive() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 100)
        let count = read(peer.rawValue, &bytes, bytes.count)
        return count == 0 ? nil : Array(bytes.prefix(max(0, count)))
    }
}

/// Keeps what it is told.
private final class Reader: ConnectionHandler {
    var received: [UInt8] = []
    var timeouts = 0

    func connection(_ connection: Connection, received bytes: UnsafeRawBufferPointer) -> Int {
        received += bytes
        return bytes.count
    }

    func connection(_ connection: Connection, ended end: ConnectionEnd) {}
    func connectionTimedOut(_ connection: Connection) { timeouts += 1 }
    func connectionDrained(_ connection: Connection) {}
}
