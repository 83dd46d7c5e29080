// SPDX-License-Identifier: Apache-2.0
// Outgoing connections over TCP and Unix sockets, and everything that goes wrong on the way.

import Dispatch
import Glibc
import TestSupport
import Testing

@testable import Net

@Suite("Outgoing connections")
struct OutgoingConnectionTests {
    private static func plan(_ port: UInt16, timeout: Int64 = 5000) -> OutgoingPlan {
        var plan = OutgoingPlan(to: .host("127.0.0.1", port: port))
        plan.stepTimeout = timeout
        return plan
    }

    /// A resolver whose name has these addresses.
    private static func resolver(_ ports: [UInt16]) throws -> NameResolver {
        let addresses = try ports.map { try OutgoingBench.loopback(port: $0) }
        return NameResolver { _ in .success(NameAnswer(addresses: addresses)) }
    }

    @Test("A connection is opened, and bytes go both ways")
    func plain() throws {
        let bench = try OutgoingBench()
        defer { bench.end() }
        var plan = Self.plan(try bench.listen())
        plan.keepAlive = OutgoingPlan.KeepAlive(idle: 7, interval: 8, count: 9)
        plan.userTimeout = 1234
        bench.connect(plan)
        try bench.run { !bench.opened.isEmpty }
        #expect(try bench.echo("hello", over: bench.opened[0]) == "hello")
        #expect(bench.failures.isEmpty)
        let descriptor = bench.opened[0].descriptor
        func option(_ level: CInt, _ name: CInt) -> CInt {
            var value: CInt = -1
            var size = socklen_t(4)
            _ = getsockopt(descriptor, level, name, &value, &size)
            return value
        }
        #expect(option(SOL_SOCKET, SO_KEEPALIVE) == 1)
        #expect(option(CInt(IPPROTO_TCP), TCP_KEEPIDLE) == 7)
        #expect(option(CInt(IPPROTO_TCP), TCP_KEEPINTVL) == 8)
        #expect(option(CInt(IPPROTO_TCP), TCP_KEEPCNT) == 9)
        #expect(option(CInt(IPPROTO_TCP), TCP_USER_TIMEOUT) == 1234)
        #expect(option(CInt(IPPROTO_TCP), TCP_NODELAY) == 1)
    }

    @Test("A Unix socket needs no name")
    func unix() throws {
        let directory = try Broker.makeDirectory()
        let bench = try OutgoingBench()
        defer { bench.end() }
        let listener = try ListenerSocket.unix(path: directory + "/s", listenerIndex: 0)
        bench.connect(OutgoingPlan(to: .unix(path: directory + "/s")))
        try bench.run { !bench.opened.isEmpty }
        #expect(bench.opened[0].peer == .unix(path: directory + "/s"))
        bench.connect(OutgoingPlan(to: .unix(path: directory + "/none")))
        try bench.run { bench.failures.count == 1 }
        #expect("\(bench.failures[0])" == "\(directory)/none: No such file or directory")
        bench.connect(OutgoingPlan(to: .unix(path: String(repeating: "x", count: 200))))
        try bench.run { bench.failures.count == 2 }
        #expect("\(bench.failures[1])".hasSuffix("is no path of a socket"))
        #expect(listener.port == 0)
    }

    @Test("Where nobody listens, that is the cause")
    func refused() throws {
        let bench = try OutgoingBench()
        defer { bench.end() }
        let port = try ScriptedListener().port
        bench.connect(Self.plan(port))
        try bench.run { !bench.failures.isEmpty }
        #expect("\(bench.failures[0])" == "127.0.0.1 port \(port): Connection refused")
        #expect(bench.reactor.connectionCount == 0)
        #expect(bench.reactor.outgoing.dueAt == .max || bench.reactor.outgoing.dueAt > 0)
    }

    @Test("Who never answers has as long as a step may take")
    func silent() throws {
        let bench = try OutgoingBench()
        defer { bench.end() }
        let silent = try ScriptedListener(isFull: true)
        let began = Clock.monotonicMilliseconds()
        bench.connect(Self.plan(silent.port, timeout: 1000))
        try bench.run { !bench.failures.isEmpty }
        let took = Clock.monotonicMilliseconds() - began
        #expect(bench.failures == [.timeout(.connecting, milliseconds: 1000)])
        #expect("\(bench.failures[0])" == "connecting took longer than 1 s")
        #expect(took >= 990 && took < 3000)
    }

    @Test("The next address is tried beside one that does not answer, and wins")
    func sideBySide() throws {
        let bench = try OutgoingBench()
        defer { bench.end() }
        let silent = try ScriptedListener(isFull: true)
        let port = try bench.listen()
        let began = Clock.monotonicMilliseconds()
        bench.connect(
            Self.plan(1, timeout: 20_000),
            by: try Self.resolver([silent.port, silent.port, port])
        )
        try bench.run { !bench.opened.isEmpty }
        let took = Clock.monotonicMilliseconds() - began
        #expect(took >= 2 * AddressRace.attemptDelay - 20 && took < 5000)
        #expect(bench.opened[0].peer.port == port)
        #expect(try bench.echo("x", over: bench.opened[0]) == "x")
    }

    @Test("The next address is tried at once where one refuses")
    func afterRefusal() throws {
        let bench = try OutgoingBench()
        defer { bench.end() }
        let closed = try ScriptedListener().port
        let port = try bench.listen()
        let began = Clock.monotonicMilliseconds()
        bench.connect(
            Self.plan(1),
            by: try Self.resolver(Array(repeating: closed, count: 50) + [port])
        )
        try bench.run { !bench.opened.isEmpty }
        #expect(Clock.monotonicMilliseconds() - began < 2000, "50 delays would be 12 s")
    }

    @Test("A slow name server delays nobody, and its late answer is of no account")
    func slowLookup() throws {
        let bench = try OutgoingBench()
        defer { bench.end() }
        let port = try bench.listen()
        let gate = DispatchGate()
        let resolver = NameResolver { _ in
            gate.wait()
            return (try? OutgoingBench.loopback(port: port)).map {
                .success(NameAnswer(addresses: [$0]))
            } ?? .failure(NameFailure("none"))
        }
        bench.connect(Self.plan(port, timeout: 1000), by: resolver)
        // Others go on meanwhile.
        bench.connect(Self.plan(port))
        try bench.run { bench.opened.count == 1 }
        #expect(bench.failures.isEmpty)
        try bench.run { !bench.failures.isEmpty }
        #expect(bench.failures == [.timeout(.lookup, milliseconds: 1000)])
        gate.open()
        bench.connect(Self.plan(port), by: resolver)
        try bench.run { bench.opened.count == 2 }
        #expect(bench.failures.count == 1)
    }

    @Test("A name without addresses is told in the resolver's words")
    func noSuchName() throws {
        let bench = try OutgoingBench()
        defer { bench.end() }
        bench.connect(
            OutgoingPlan(to: .host("host.invalid", port: 1883)),
            by: NameResolver { _ in .failure(NameFailure("Name or service not known")) }
        )
        try bench.run { !bench.failures.isEmpty }
        #expect("\(bench.failures[0])" == "looking up the name: Name or service not known")
    }

    @Test("The local address can be chosen")
    func bindAddress() throws {
        let bench = try OutgoingBench()
        defer { bench.end() }
        var plan = Self.plan(try bench.listen())
        plan.bindAddress = "127.0.0.9"
        bench.connect(plan)
        try bench.run { !bench.accepted.isEmpty && !bench.opened.isEmpty }
        #expect(bench.accepted[0].connection.peer.host == "127.0.0.9")
        plan.bindAddress = "192.0.2.1"
        bench.connect(plan)
        try bench.run { bench.failures.count == 1 }
        #expect("\(bench.failures[0])".hasSuffix("Cannot assign requested address"))
        plan.bindAddress = "::1"
        bench.connect(plan)
        try bench.run { bench.failures.count == 2 }
        #expect("\(bench.failures[1])".hasSuffix("Address family not supported by protocol"))
    }

    @Test("A socket that meets itself has met nobody")
    func itself() throws {
        let bench = try OutgoingBench()
        defer { bench.end() }
        let port = try ScriptedListener().port
        let address = try OutgoingBench.loopback(port: port)
        let resolver = NameResolver { _ in
            .success(NameAnswer(addresses: [address], local: [address]))
        }
        bench.connect(Self.plan(port), by: resolver)
        try bench.run { !bench.failures.isEmpty || !bench.opened.isEmpty }
        #expect(bench.opened.isEmpty)
        #expect(bench.failures.map { "\($0)" } == ["127.0.0.1 port \(port): Connection refused"])
    }

    @Test("A thousand connections to who never answers cost next to nothing")
    func thousand() throws {
        let bench = try OutgoingBench()
        defer { bench.end() }
        let silent = try ScriptedListener(isFull: true)
        let port = try bench.listen()
        let resolver = try Self.resolver([silent.port])
        for _ in 0..<1000 { bench.connect(Self.plan(silent.port, timeout: 60_000), by: resolver) }
        // All sockets are on their way.
        try bench.run { bench.reactor.outgoing.dueAt > Clock.monotonicMilliseconds() + 30_000 }
        bench.connect(Self.plan(port))
        try bench.run { !bench.opened.isEmpty }
        let began = Clock.threadNanoseconds()
        let turns = bench.turnCount
        for _ in 0..<20 { #expect(try bench.echo("x", over: bench.opened[0]) == "x") }
        let spent = Clock.threadNanoseconds() - began
        let perTurn = spent / Int64(max(1, bench.turnCount - turns))
        #expect(perTurn < 500_000, "a turn looks at those alone that have something to do")
        #expect(bench.failures.isEmpty)
    }

    @Test("What is cancelled tells nobody, at whatever step", arguments: [0, 1, 2])
    func cancel(turns: Int) throws {
        let bench = try OutgoingBench()
        defer { bench.end() }
        let silent = try ScriptedListener(isFull: true)
        let outgoing = bench.connect(Self.plan(silent.port))
        for _ in 0..<turns { bench.reactor.turn(until: Clock.monotonicMilliseconds() + 100) }
        outgoing.cancel()
        outgoing.cancel()
        #expect(outgoing.hasEnded)
        for _ in 0..<5 { bench.reactor.turn() }
        #expect(bench.opened.isEmpty && bench.failures.isEmpty)
    }
}

/// Holds threads back until it is opened.
final class DispatchGate: Sendable {
    private let isOpen = DispatchSemaphore(value: 0)

    func wait() {
        isOpen.wait()
        // For the next one.
        isOpen.signal()
    }

    func open() { isOpen.signal() }
}
