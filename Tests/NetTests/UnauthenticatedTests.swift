// SPDX-License-Identifier: Apache-2.0
// A crowd at the door delays nobody who is inside.

import CLinux
import Glibc
import Testing

@testable import Net

@Suite("Unauthenticated sources of a reactor")
struct UnauthenticatedTests {
    @Test("Who is promoted is served first, and the others share a slice of each turn")
    func admittedFirst() throws {
        let record = try serve(unauthenticated: 100, microsecondsInside: 50)
        #expect(record.turns > 2, "each took 50 µs of a slice of 500")
    }

    @Test("The longer those inside take, the longer is the share of the unauthenticated")
    func busyInside() throws {
        let record = try serve(unauthenticated: 100, microsecondsInside: 40_000)
        #expect(
            record.turns < 8,
            "10 unauthenticated fit into a slice, 400 into half of the others' time"
        )
    }

    /// Lets a reactor serve unauthenticated that have all sent something, and the last one to have done so,
    /// who is inside.
    private func serve(unauthenticated: Int, microsecondsInside: Int64) throws -> Record {
        let record = Record()
        let reactor = try Reactor(index: 0, waker: try Waker())
        reactor.delegate = record
        var peers: [CInt] = []
        defer { for peer in peers { _ = close(peer) } }
        for number in 0...unauthenticated {
            let isInside = number == unauthenticated
            let ends = try socketPair()
            peers.append(ends[1])
            let connection = try reactor.adopt(
                OwnedDescriptor(ends[0]),
                peer: PeerAddress(sockaddr_storage(), path: "test"),
                over: TransportPlan()
            )
            connection.handler = Reader(
                number,
                record,
                microseconds: isInside ? microsecondsInside : 50
            )
            if isInside { connection.promote() }
            _ = write(ends[1], "x", 1)
        }
        record.expected = unauthenticated + 1
        try reactor.run()
        reactor.delegate = nil
        #expect(record.order.first == unauthenticated)
        #expect(Set(record.order) == Set(0...unauthenticated))
        return record
    }

    private func socketPair() throws -> [CInt] {
        var ends: [CInt] = [-1, -1]
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw SystemError("socketpair") }
        return ends
    }
}

/// In which order connections were served; stops the reactor when all have been.
private final class Record: ReactorDelegate {
    var order: [Int] = []
    var expected = 0
    var turns = 0

    func reactorWoken(_ reactor: Reactor) {}

    func reactorTurnEnding(_ reactor: Reactor) {
        turns += 1
        if order.count >= expected { reactor.stop() }
    }

    func reactorNextDeadline(_ reactor: Reactor) -> Int64? { nil }

    func reactor(
        _ reactor: Reactor,
        accepted descriptor: consuming OwnedDescriptor,
        from peer: PeerAddress,
        on listener: ListenerSocket
    ) {}

    func reactor(_ reactor: Reactor, descriptorsExhausted isExhausted: Bool) {}
}

/// Takes a while to read what has come.
private final class Reader: ConnectionHandler {
    private let number: Int
    private let record: Record
    private let microseconds: Int64

    init(_ number: Int, _ record: Record, microseconds: Int64) {
        self.number = number
        self.record = record
        self.microseconds = microseconds
    }

    func connection(_ connection: Connection, received bytes: UnsafeRawBufferPointer) -> Int {
        record.order.append(number)
        let end = Clock.monotonicNanoseconds() + microseconds * 1000
        while Clock.monotonicNanoseconds() < end {}
        return bytes.count
    }

    func connection(_ connection: Connection, ended end: ConnectionEnd) {}
    func connectionTimedOut(_ connection: Connection) {}
    func connectionDrained(_ connection: Connection) {}
}
