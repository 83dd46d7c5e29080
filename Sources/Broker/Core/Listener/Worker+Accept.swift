// SPDX-License-Identifier: Apache-2.0
// New connections: a place for each, or the door.

import Config
import HostAccess
import Log
import Net

extension Worker {
    /// Serves a new connection, or has it wait for a reload or a second look.
    func accept(_ accepted: AcceptedSocket) {
        if acceptQueue.held.count < AcceptQueue.waitingMax {
            if broker.gate.isClosed {
                acceptQueue.held.append(accepted)
                if !broker.gate.announceWaiting() { acceptHeld() }
                return
            }
            // The message with the settings that opened the gate may be under way.
            guard settings === broker.settings else { return acceptQueue.held.append(accepted) }
        }
        let listener = settings.listeners[accepted.listenerIndex]
        if listener.configuration.protocol != .httpApi { counters.socketsAccepted.add(1) }
        if takePlace(at: listener) { return serve(accepted, at: listener) }
        guard acceptQueue.waiting.count < AcceptQueue.waitingMax else {
            return refuse(accepted, at: listener)
        }
        acceptQueue.waiting.append(accepted)
        lookAround()
    }

    /// Lets in who has waited for a reload.
    func acceptHeld() {
        let waiting = acceptQueue.held
        acceptQueue.held = []
        for accepted in waiting { accept(accepted) }
    }

    private func refuse(_ accepted: AcceptedSocket, at listener: ListenerSettings) {
        listener.load.noteRejected(.maxConnections)
        let host = accepted.peer.host
        log.notice(
            "Client connection from \(host) denied: max_connections exceeded.",
            refusalFields(accepted, "max_connections exceeded")
        )
    }

    /// What the log says of a connection that is closed at once.
    private func refusalFields(_ accepted: AcceptedSocket, _ reason: String) -> LogFields {
        let listener = settings.listeners[accepted.listenerIndex]
        return accepted.peer.logFields(.connectionRefused, at: listener, reason: reason)
    }

    // MARK: Places

    private func takePlace(at listener: ListenerSettings) -> Bool {
        // The HTTP API has no clients.
        let isClient = listener.configuration.protocol != .httpApi
        let limit = settings.configuration.globalMaxConnections
        if isClient, !broker.census.addSocket(limit: limit) { return false }
        if listener.load.enter(limit: listener.configuration.maxConnections) { return true }
        if isClient { broker.census.removeSocket() }
        return false
    }

    private func leavePlace(at listener: ListenerSettings) {
        listener.load.leave()
        if listener.configuration.protocol != .httpApi { broker.census.removeSocket() }
    }

    // MARK: The second look

    /// Asks every worker to handle what has happened by now; one round at a time.
    private func lookAround() {
        guard acceptQueue.examined.isEmpty, !acceptQueue.waiting.isEmpty else { return }
        swap(&acceptQueue.waiting, &acceptQueue.examined)
        acceptQueue.answersMissing = broker.workers.count
        let home = mailbox
        for worker in broker.workers {
            worker.post { worker in
                // The turn that brings the message may have begun before the peers left.
                worker.afterWholeTurn { home.post { $0.lookedAround() } }
            }
        }
    }

    /// One more worker has handled what had happened.
    private func lookedAround() {
        acceptQueue.answersMissing -= 1
        guard acceptQueue.answersMissing == 0 else { return }
        let waiting = acceptQueue.examined
        acceptQueue.examined = []
        for accepted in waiting {
            let listener = settings.listeners[accepted.listenerIndex]
            if takePlace(at: listener) {
                serve(accepted, at: listener)
            } else {
                refuse(accepted, at: listener)
            }
        }
        lookAround()
    }

    // MARK: The rules of the machine

    /// Serves a connection that has its place, when the rules of the machine have been asked.
    private func serve(_ accepted: AcceptedSocket, at listener: ListenerSettings) {
        if case .unix = accepted.peer { return serveAllowed(accepted, at: listener) }
        guard broker.hostAccess.hasRules else { return serveAllowed(accepted, at: listener) }
        let home = mailbox
        let network = PeerNetwork(accepted.peer)
        let answer = broker.hostAccess.ask(accepted.number, of: network) { isAllowed in
            // What is captured keeps the socket open.
            home.post { $0.goOn(accepted, isAllowed: isAllowed) }
        }
        guard answer == .full else { return }
        leavePlace(at: listener)
        listener.load.noteRejected(.hostRules)
        log.notice(
            "Client connection from \(accepted.peer.host) denied: too many wait for the host access rules.",
            refusalFields(accepted, "too many wait for the host access rules")
        )
    }

    /// The rules of the machine have been asked about a connection.
    private func goOn(_ accepted: AcceptedSocket, isAllowed: Bool) {
        let listener = settings.listeners[accepted.listenerIndex]
        if isAllowed { return serveAllowed(accepted, at: listener) }
        leavePlace(at: listener)
        listener.load.noteRejected(.hostRules)
        guard settings.configuration.connectionMessages else { return }
        let host = accepted.peer.host
        log.notice(
            "Client connection from \(host) denied access by tcpd.",
            refusalFields(accepted, "tcpd")
        )
    }

    // MARK: Serving

    /// About what a connection takes in memory before it has said anything.
    private static let connectionByteCount = 2 << 10
    /// The same with what OpenSSL keeps of it during the handshake.
    private static let tlsByteCount = 32 << 10

    private func serveAllowed(_ accepted: AcceptedSocket, at listener: ListenerSettings) {
        guard let descriptor = accepted.takeDescriptor() else { return leavePlace(at: listener) }
        let peer = accepted.peer
        let transport = settings.transports[listener.index]
        // The HTTP API says itself that there is no memory.
        if listener.configuration.protocol != .httpApi {
            let isTLS = transport.tls != nil
            if isOutOfMemory(expecting: isTLS ? Self.tlsByteCount : Self.connectionByteCount) {
                leavePlace(at: listener)
                listener.load.noteRejected(.memoryLimit)
                return log.notice(
                    "Client connection from \(peer.host) denied: out of memory.",
                    refusalFields(accepted, "out of memory")
                )
            }
        }
        do {
            let connection = try reactor.adopt(descriptor, peer: peer, over: transport)
            listener.load.noteAccepted()
            if listener.configuration.protocol == .httpApi {
                _ = HTTPExchange(worker: self, connection: connection, listener: listener)
                return
            }
            let client = Client(worker: self, connection: connection, listener: listener)
            if settings.configuration.connectionMessages, transport.proxy == nil {
                client.unannouncedPort = accepted.port
            }
            client.awaitConnect()
        } catch {
            leavePlace(at: listener)
            listener.load.noteRejected(.systemError)
            log.error("Error: Unable to serve connection from \(peer.host): \(error).")
        }
    }
}
