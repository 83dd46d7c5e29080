// SPDX-License-Identifier: Apache-2.0
// A crowd at the door delays nobody who is inside.

import Glibc
import Testing

@testable import Net

@Suite("Guests of a reactor")
struct GuestTests {
    @Test("Who is admitted is served first, and the guests share a slice of each turn")
    func admittedFirst() throws {
        let record = Record()
        let reactor = try Reactor(index: 0, waker: try Waker())
        reactor.delegate = record
        let crowd = 100
        var peers: [CInt] = []
        defer { for peer in peers { _ = close(peer) } }
        for number in 0...crowd {
            let ends = try socketPair()
            peers.append(ends[1])
            let peer = PeerAddress(sockaddr_storage(), path: "test")
            let connection = try reactor.adopt(
                OwnedDescriptor(ends[0]),
                peer: peer,
                over: TransportPlan()
            )
            connection.handler = Reader(number, record)
            // The last one to have sent something is the one who is inside.
            if number == crowd { connection.admit() }
            _ = write(ends[1], "x", 1)
        }
        record.expected = crowd + 1
        reactor.run()
        #expect(record.order.first == crowd)
        #expect(Set(record.order) == Set(0...crowd))
        #expect(record.turns > 2, "each guest took 50 µs of a slice of 500")
        reactor.delegate = nil
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

/// Takes 50 µs to read what has come.
private final class Reader: ConnectionHandler {
    private let number: Int
    private let record: Record

    init(_ number: Int, _ record: Record) {
        self.number = number
        self.record = record
    }

    func connection(_ connection: Connection, received bytes: UnsafeRawBufferPointer) -> Int {
        record.order.append(number)
        let end = Clock.monotonicNanoseconds() + 50_000
        while Clock.monotonicNanoseconds() < end {}
        return bytes.count
    }

    func connection(_ connection: Connection, ended end: ConnectionEnd) {}
    func connectionTimedOut(_ connection: Connection) {}
    func connectionDrained(_ connection: Connection) {}
}
