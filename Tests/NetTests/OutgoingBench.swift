// SPDX-License-Identifier: Apache-2.0
// A reactor with listeners of its own, to which it connects.

import CLinux
import Glibc
import Synchronization
import TestSupport

@testable import Net

/// A reactor on this thread, both ends of whose connections are here.
final class OutgoingBench: ReactorDelegate, OutgoingHandler {
    let reactor: Reactor
    /// What listeners give to those who connect; by the listener's index.
    private var plans: [TransportPlan] = []
    /// The server's ends.
    private(set) var accepted: [(connection: Connection, reader: Echo)] = []
    /// What has come of outgoing connections.
    private(set) var opened: [Connection] = []
    private(set) var failures: [OutgoingFailure] = []
    private var clients: [Echo] = []
    private var isDone: () -> Bool = { true }
    private var giveUpAt = Int64.max
    private(set) var turnCount = 0

    init() throws {
        reactor = try Reactor(index: 0, waker: try Waker())
        reactor.delegate = self
    }

    /// Must be called in the end: reactor and delegate know each other.
    func end() {
        reactor.closeConnections()
        reactor.delegate = nil
    }

    /// Listens on a port of 127.0.0.1; returns its number.
    func listen(_ plan: TransportPlan = TransportPlan()) throws -> UInt16 {
        let address = try Self.loopback(port: 0)
        let index = plans.count
        let listener = try address.withAddress { pointer, length in
            Result { () throws(SystemError) in
                try ListenerSocket.tcp(
                    pointer,
                    length: length,
                    listenerIndex: index,
                    hasNoDelay: true
                )
            }
        }.get()
        plans.append(plan)
        try listener.startListening()
        try reactor.add(listener)
        return listener.port
    }

    static func loopback(port: UInt16) throws -> SocketAddress {
        let query = NameQuery(host: "127.0.0.1", port: port, bindAddress: nil)
        guard let address = try query.ask().addresses.first else { throw Mismatch("no address") }
        return address
    }

    /// Begins a connection.
    @discardableResult
    func connect(
        _ plan: OutgoingPlan,
        by resolver: NameResolver = NameResolver()
    )
        -> OutgoingConnection
    {
        reactor.connect(plan, by: resolver, for: self)
    }

    /// Makes turns until a condition holds; throws when it does not for long.
    func run(seconds: Int64 = 10, until isDone: @escaping () -> Bool) throws {
        let end = Clock.monotonicMilliseconds() + seconds * 1000
        giveUpAt = end
        while !isDone() {
            guard Clock.monotonicMilliseconds() < end else {
                throw Mismatch("opened \(opened.count), failures \(failures)")
            }
            reactor.turn(until: Clock.monotonicMilliseconds() + 1000)
            turnCount += 1
        }
    }

    /// Sends over an open connection and waits for the echo.
    func echo(_ text: String, over connection: Connection) throws -> String {
        let echo = Echo(answers: false)
        clients.append(echo)
        connection.handler = echo
        connection.write(Array(text.utf8))
        try run { echo.received.count >= text.utf8.count || echo.end != nil }
        return String(decoding: echo.received, as: UTF8.self)
    }

    // MARK: Calls

    func outgoing(_ outgoing: OutgoingConnection, opened connection: Connection) {
        opened.append(connection)
    }

    func outgoing(_ outgoing: OutgoingConnection, failed failure: OutgoingFailure) {
        failures.append(failure)
    }

    func reactorWoken(_ reactor: Reactor) {}
    func reactorTurnEnding(_ reactor: Reactor) {}
    func reactorNextDeadline(_ reactor: Reactor) -> Int64? { nil }
    func reactor(_ reactor: Reactor, descriptorsExhausted isExhausted: Bool) {}

    func reactor(
        _ reactor: Reactor,
        accepted descriptor: consuming OwnedDescriptor,
        from peer: PeerAddress,
        on listener: ListenerSocket
    ) {
        let plan = plans[listener.listenerIndex]
        guard let connection = try? reactor.adopt(descriptor, peer: peer, over: plan) else {
            return
        }
        let reader = Echo(answers: true)
        connection.handler = reader
        accepted.append((connection, reader))
    }
}

/// Keeps what arrives, and may send it back.
final class Echo: ConnectionHandler {
    private let answers: Bool
    private(set) var received: [UInt8] = []
    private(set) var end: ConnectionEnd?

    init(answers: Bool) { self.answers = answers }

    func connection(_ connection: Connection, received bytes: UnsafeRawBufferPointer) -> Int {
        received += bytes
        if answers { connection.write(Array(bytes)) }
        return bytes.count
    }

    func connection(_ connection: Connection, ended end: ConnectionEnd) { self.end = end }
    func connectionTimedOut(_ connection: Connection) {}
    func connectionDrained(_ connection: Connection) {}
}
