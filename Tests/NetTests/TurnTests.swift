// SPDX-License-Identifier: Apache-2.0
// What happens to thousands at once is shared out over turns.

import CLinux
import Glibc
import Testing

@testable import Net

@Suite("Turns of a reactor")
struct TurnTests {
    private static let count = 60

    @Test("Many who leave at once are noticed over several turns, each of them once")
    func leaving() throws {
        let crowd = try Crowd(Self.count)
        crowd.hangUp()
        #expect(crowd.turnUntilEmpty() > Self.count / 15, "each takes 100 µs of a slice of 500")
        #expect(crowd.record.ended.sorted() == Array(0..<Self.count))
        crowd.reactor.turn(until: 0)
        #expect(!crowd.reactor.isBehind)
    }

    @Test("Many whose time is up at once end over several turns")
    func timingOut() throws {
        let crowd = try Crowd(Self.count)
        for connection in crowd.connections { connection.setDeadline(1) }
        #expect(crowd.turnUntilEmpty() > Self.count / 15)
        #expect(crowd.record.timedOut.sorted() == Array(0..<Self.count))
    }

    @Test("Many that fail at once end over several turns, in their order")
    func failing() throws {
        let crowd = try Crowd(Self.count)
        for connection in crowd.connections { crowd.reactor.endLater(connection, .failed(EIO)) }
        #expect(crowd.turnUntilEmpty() > Self.count / 15)
        #expect(crowd.record.ended == Array(0..<Self.count))
    }

    @Test("Of an unauthenticated one little is read at once, of one who is inside much")
    func reading() throws {
        let crowd = try Crowd(1, isInside: false)
        crowd.send([UInt8](repeating: 1, count: 100_000))
        crowd.reactor.turn(until: 0)
        #expect(crowd.record.received == [16 << 10])
        crowd.connections[0].promote()
        crowd.reactor.turn(until: 0)
        #expect(crowd.record.received.reduce(0, +) == 100_000 && crowd.record.received.count == 2)
    }

    @Test("Who may not hold the beginning of a packet is told and ends")
    func lackOfMemory() throws {
        let crowd = try Crowd(1)
        crowd.record.consumes = false
        crowd.send([1, 2, 3])
        crowd.reactor.turn(until: 0)
        #expect(crowd.record.ended == [] && crowd.record.received == [3])
        crowd.record.mayHold = false
        crowd.send([4])
        crowd.reactor.turn(until: 0)
        #expect(crowd.record.lacking == [0] && crowd.record.ended == [0])
        #expect(crowd.reactor.connectionCount == 0)
    }

    @Test("What waits for full sockets is known without a walk over all connections")
    func waiting() throws {
        let crowd = try Crowd(3)
        let large = [UInt8](repeating: 0, count: 4 << 20)
        large.withUnsafeBytes { bytes in
            crowd.connections[0].write(bytes, packets: 7)
            crowd.connections[1].write(bytes, packets: 0)
        }
        crowd.connections[2].write([1, 2])
        crowd.reactor.turn(until: 0)
        let waiting = crowd.reactor.waitingOutput
        #expect(waiting.packets == 7, "nobody has said where they end")
        #expect(waiting.bytes > 0 && waiting.bytes < 4 << 20)
        crowd.hangUp()
        _ = crowd.turnUntilEmpty()
        #expect(crowd.reactor.waitingOutput == (0, 0))
    }
}

/// Connections of one reactor, and their peers.
private final class Crowd {
    let reactor: Reactor
    let record = Record()
    private(set) var connections: [Connection] = []
    private var peers: [CInt] = []

    init(_ count: Int, isInside: Bool = true) throws {
        reactor = try Reactor(index: 0, waker: try Waker())
        reactor.delegate = record
        for number in 0..<count {
            var ends: [CInt] = [-1, -1]
            let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
            guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw SystemError("socketpair") }
            peers.append(ends[1])
            let connection = try reactor.adopt(
                OwnedDescriptor(ends[0]),
                peer: PeerAddress(sockaddr_storage(), path: "test"),
                over: TransportPlan()
            )
            connection.handler = Member(number, record)
            if isInside { connection.promote() }
            connections.append(connection)
        }
    }

    deinit {
        reactor.delegate = nil
        for connection in connections { connection.close() }
        hangUp()
    }

    func hangUp() {
        for peer in peers { _ = close(peer) }
        peers = []
    }

    func send(_ bytes: [UInt8]) { _ = write(peers[0], bytes, bytes.count) }

    /// Makes turns until every connection has ended; returns how many it took.
    func turnUntilEmpty() -> Int {
        for turn in 1...1000 {
            reactor.turn(until: .max)
            if reactor.connectionCount == 0 { return turn }
        }
        return 0
    }
}

/// What has happened, by the numbers of the connections.
private final class Record: ReactorDelegate {
    var ended: [Int] = []
    var timedOut: [Int] = []
    var lacking: [Int] = []
    var received: [Int] = []
    var mayHold = true
    var consumes = true

    func reactorWoken(_ reactor: Reactor) {}
    func reactorTurnEnding(_ reactor: Reactor) {}
    func reactorNextDeadline(_ reactor: Reactor) -> Int64? { nil }
    func reactor(_ reactor: Reactor, mayHold byteCount: Int) -> Bool { mayHold }
    func reactor(
        _ reactor: Reactor,
        accepted descriptor: consuming OwnedDescriptor,
        from peer: PeerAddress,
        on listener: ListenerSocket
    ) {}
    func reactor(_ reactor: Reactor, descriptorsExhausted isExhausted: Bool) {}
}

/// Takes 100 µs to end.
private final class Member: ConnectionHandler {
    private let number: Int
    private let record: Record

    init(_ number: Int, _ record: Record) {
        self.number = number
        self.record = record
    }

    func connection(_ connection: Connection, received bytes: UnsafeRawBufferPointer) -> Int {
        record.received.append(bytes.count)
        return record.consumes ? bytes.count : 0
    }

    func connection(_ connection: Connection, ended end: ConnectionEnd) {
        record.ended.append(number)
        work()
    }

    func connectionTimedOut(_ connection: Connection) {
        record.timedOut.append(number)
        work()
        connection.close()
    }

    func connectionLacksMemory(_ connection: Connection) { record.lacking.append(number) }

    func connectionDrained(_ connection: Connection) {}

    private func work() {
        let end = Clock.monotonicNanoseconds() + 100_000
        while Clock.monotonicNanoseconds() < end {}
    }
}
