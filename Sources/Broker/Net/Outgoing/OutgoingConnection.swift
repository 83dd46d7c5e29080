// SPDX-License-Identifier: Apache-2.0
// An outgoing connection on its way: name, addresses, layers.

import Glibc

/// Who wants an outgoing connection; called on the reactor, never from within `Reactor.connect`.
package protocol OutgoingHandler: AnyObject {
    /// It is open: packets may go. The connection has no handler yet and is unauthenticated.
    func outgoing(_ outgoing: OutgoingConnection, opened connection: Connection)

    /// There will be none.
    func outgoing(_ outgoing: OutgoingConnection, failed failure: OutgoingFailure)
}

/// An outgoing connection from the wish to the point where packets may go.
///
/// ```
/// looking up ─► connecting ─► [negotiating] ─► opening ─► handler.outgoing(opened:)
///      └─────────────┴──────────────┴────────────┴─────► handler.outgoing(failed:)
/// ```
/// The name is looked up off the reactor, its addresses are tried side by side (`AddressRace`), a proxy is
/// asked (`SOCKSNegotiation`), TLS and WebSocket are layers of the connection. Each step has a bound. Ends with one of the two calls, or
/// without any after `cancel`.
package final class OutgoingConnection: ConnectionHandler {
    private enum Stage {
        case lookingUp
        case connecting
        case negotiating(Connection, SOCKSNegotiation)
        case opening(Connection)
        case ended
    }

    /// Which one it is on its reactor.
    let number: UInt64
    private let plan: OutgoingPlan
    private unowned let reactor: Reactor
    private weak var handler: (any OutgoingHandler)?
    private var stage = Stage.lookingUp
    private var race = AddressRace(count: 1)
    private var answer = NameAnswer?.none
    private var attempts: [OutgoingAttempt] = []
    private var lastFailure: OutgoingFailure?
    private var stepDeadline: Int64
    /// When `proceed` has something to do, in milliseconds of the reactor's clock.
    private(set) var deadline: Int64 {
        didSet { reactor.outgoing.note(deadline: deadline) }
    }

    init(_ number: UInt64, _ plan: OutgoingPlan, _ handler: any OutgoingHandler, _ reactor: Reactor)
    {
        assert(plan.stepTimeout > 0, "a step takes time")
        self.number = number
        self.plan = plan
        self.handler = handler
        self.reactor = reactor
        stepDeadline = reactor.now + plan.stepTimeout
        deadline = stepDeadline
    }

    /// Whether it has come to an end, one way or the other.
    var hasEnded: Bool { if case .ended = stage { true } else { false } }

    /// The connection to the server, or to the proxy, once its socket is connected.
    package var connection: Connection? { Self.connection(of: stage) }

    /// Gives it up; nobody is told.
    package func cancel() {
        guard !hasEnded else { return }
        Self.connection(of: finish())?.closeInTurn()
    }

    private static func connection(of stage: Stage) -> Connection? {
        switch stage {
        case .negotiating(let connection, _), .opening(let connection): connection
        case .lookingUp, .connecting, .ended: nil
        }
    }

    /// Ends all that is under way; returns what was.
    private func finish() -> Stage {
        defer { stage = .ended }
        for attempt in attempts { reactor.unwatch(attempt) }
        attempts = []
        reactor.outgoing.remove(self)
        return stage
    }

    private func fail(_ failure: OutgoingFailure) {
        guard !hasEnded else { return }
        let handler = handler
        Self.connection(of: finish())?.closeInTurn()
        handler?.outgoing(self, failed: failure)
    }

    // MARK: Time

    /// Does what is due at the reactor's time.
    func proceed() {
        switch stage {
        case .ended: break
        case _ where reactor.now >= stepDeadline:
            fail(.timeout(step, milliseconds: plan.stepTimeout))
        case .connecting: goOn()
        case .lookingUp, .negotiating, .opening: break
        }
    }

    private var step: OutgoingFailure.Step {
        switch stage {
        case .lookingUp: .lookup
        case .connecting, .ended: .connecting
        case .negotiating: .proxy
        case .opening(let connection): connection.isShakingHands ? .tls : .webSocket
        }
    }

    private func beginStep() {
        stepDeadline = reactor.now + plan.stepTimeout
        deadline = stepDeadline
    }

    // MARK: Addresses

    /// The resolver has answered, or a Unix socket needs none.
    func found(_ result: Result<NameAnswer, NameFailure>) {
        guard case .lookingUp = stage else { return }
        switch result {
        case .failure(let failure): fail(.lookup(failure.reason))
        case .success(let answer):
            self.answer = answer
            race = AddressRace(count: answer.addresses.count)
            stage = .connecting
            beginStep()
            goOn()
        }
    }

    /// Begins with the addresses whose time has come.
    private func goOn() {
        while case .connecting = stage, let answer {
            switch race.step(now: reactor.now) {
            case .start(let index): begin(index, answer)
            case .wait(let time):
                deadline = min(stepDeadline, time ?? .max)
                return
            case .failed: return fail(lastFailure ?? .closed)
            }
        }
    }

    private func begin(_ index: Int, _ answer: NameAnswer) {
        let address = answer.addresses[index]
        do throws(SystemError) {
            let attempt = try OutgoingAttempt.start(
                index,
                address,
                local: answer.local,
                plan,
                self
            )
            try reactor.watch(attempt)
            attempts.append(attempt)
        } catch {
            lastFailure = .connecting(address.peer, error)
            race.noteFailure(index)
        }
    }

    /// The socket of an attempt is connected, or failed to.
    func attemptEnded(_ attempt: OutgoingAttempt, code: CInt) {
        guard case .connecting = stage else { return }
        reactor.unwatch(attempt)
        attempts.removeAll { $0 === attempt }
        guard code == 0 else {
            let error = SystemError("connect", code: code)
            lastFailure = .connecting(attempt.address.peer, error)
            race.noteFailure(attempt.index)
            return goOn()
        }
        for other in attempts { reactor.unwatch(other) }
        attempts = []
        open(attempt)
    }

    // MARK: Layers

    private func open(_ attempt: OutgoingAttempt) {
        let peer = attempt.address.peer
        do throws(SystemError) {
            let connection = try reactor.adopt(
                attempt.takeDescriptor(),
                peer: peer,
                over: TransportPlan()
            )
            connection.handler = self
            if let proxy = plan.proxy, case .host(let host, let port) = plan.target {
                let negotiation = SOCKSNegotiation(proxy, host: host, port: port)
                stage = .negotiating(connection, negotiation)
                beginStep()
                connection.write(negotiation.greeting)
            } else {
                beginLayers(of: connection)
            }
        } catch {
            fail(.connecting(peer, error))
        }
    }

    /// The bytes of the server begin.
    private func beginLayers(of connection: Connection) {
        connection.layers = plan.makeLayers(for: connection.peer)
        stage = .opening(connection)
        beginStep()
        if connection.beginAsClient() { opened(connection) }
    }

    /// What a proxy says; returns how many of the bytes were the proxy's.
    private func negotiate(_ bytes: UnsafeRawBufferPointer) -> Int {
        var offset = 0
        while case .negotiating(let connection, var negotiation) = stage {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
            let step = negotiation.take(rest)
            stage = .negotiating(connection, negotiation)
            switch step {
            case .wantsMore(let count): return offset + count
            case .says(let words, let count):
                offset += count
                connection.write(words)
            case .isOpen(let count):
                offset += count
                beginLayers(of: connection)
            case .failed(let reason, let reply):
                fail(.proxy(reason, reply: reply))
                return bytes.count
            }
        }
        return offset
    }

    private func opened(_ connection: Connection) {
        guard case .opening = stage else { return }
        let handler = handler
        _ = finish()
        connection.handler = nil
        guard let handler else { return connection.closeInTurn() }
        handler.outgoing(self, opened: connection)
    }

    /// The layers are open.
    package func connectionOpened(_ connection: Connection) { opened(connection) }

    /// Nothing but a proxy's words comes up before the layers are open, and then somebody else is asked.
    package func connection(_ connection: Connection, received bytes: UnsafeRawBufferPointer) -> Int
    {
        negotiate(bytes)
    }

    /// The connection has ended before it was open.
    package func connection(_ connection: Connection, ended end: ConnectionEnd) {
        switch (stage, end) {
        case (.negotiating, .closedByPeer): return fail(.proxy("connection closed"))
        case (.negotiating, _), (.opening, _): break
        case (.lookingUp, _), (.connecting, _), (.ended, _): return
        }
        switch end {
        case .closedByPeer: fail(.closed)
        case .failed(let code): fail(.connecting(connection.peer, SystemError("recv", code: code)))
        case .refused(let error): fail(.refused(error))
        }
    }

    /// Deadlines are the reactor's table's.
    package func connectionTimedOut(_ connection: Connection) {}

    /// Nothing was written before.
    package func connectionDrained(_ connection: Connection) {}
}
