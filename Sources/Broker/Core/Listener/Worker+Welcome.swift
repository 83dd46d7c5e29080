// SPDX-License-Identifier: Apache-2.0
// New connections: a place for each, or the door.

import Config
import Log
import Net

/// A connection that has just been accepted.
final class Newcomer {
    let peer: PeerAddress
    let listenerIndex: Int
    let port: UInt16
    private var descriptor: OwnedDescriptor?

    init(_ descriptor: consuming OwnedDescriptor, peer: PeerAddress, socket: ListenerSocket) {
        self.descriptor = consume descriptor
        self.peer = peer
        listenerIndex = socket.listenerIndex
        port = socket.port
    }

    /// Gives the socket away, once.
    func takeDescriptor() -> OwnedDescriptor? { descriptor.take() }
}

/// Connections that wait before they are served or refused.
///
/// Some came while every place was taken. Who has left before they came may not have been noticed
/// yet, here or by another worker: a client that sees its places free must find them free. So each
/// waits until every worker has handled what had happened by then, and is refused only if there is
/// still no place. Others came during a reload, and wait for its end.
final class Latecomers {
    /// More than these do not wait.
    static let waitingMax = 64

    /// Those who wait for a reload.
    fileprivate var held: [Newcomer] = []
    /// Those nobody has been asked about.
    fileprivate var waiting: [Newcomer] = []
    /// Those the workers have been asked about.
    fileprivate var examined: [Newcomer] = []
    fileprivate var answersMissing = 0

    /// Drops them all, which closes their sockets.
    func forgetAll() {
        held = []
        waiting = []
        examined = []
    }
}

extension Worker {
    /// Serves a new connection, or has it wait for a reload or a second look.
    func welcome(_ newcomer: Newcomer) {
        if latecomers.held.count < Latecomers.waitingMax {
            if broker.gate.isClosed {
                latecomers.held.append(newcomer)
                if !broker.gate.announceNewcomer() { welcomeHeld() }
                return
            }
            // The letter with the settings that opened the gate may be under way.
            guard settings === broker.settings else { return latecomers.held.append(newcomer) }
        }
        let listener = settings.listeners[newcomer.listenerIndex]
        if listener.configuration.protocol != .httpApi { counters.socketsAccepted.add(1) }
        if takePlace(at: listener) { return serve(newcomer, at: listener) }
        guard latecomers.waiting.count < Latecomers.waitingMax else { return refuse(newcomer) }
        latecomers.waiting.append(newcomer)
        lookAround()
    }

    /// Lets in who has waited for a reload.
    func welcomeHeld() {
        let newcomers = latecomers.held
        latecomers.held = []
        for newcomer in newcomers { welcome(newcomer) }
    }

    private func refuse(_ newcomer: Newcomer) {
        let host = newcomer.peer.host
        log.notice("Client connection from \(host) denied: max_connections exceeded.")
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
        guard latecomers.examined.isEmpty, !latecomers.waiting.isEmpty else { return }
        swap(&latecomers.waiting, &latecomers.examined)
        latecomers.answersMissing = broker.workers.count
        let home = mailbox
        for worker in broker.workers {
            worker.post { worker in
                // The turn that brings the letter may have begun before the peers left.
                worker.afterWholeTurn { home.post { $0.lookedAround() } }
            }
        }
    }

    /// One more worker has handled what had happened.
    private func lookedAround() {
        latecomers.answersMissing -= 1
        guard latecomers.answersMissing == 0 else { return }
        let newcomers = latecomers.examined
        latecomers.examined = []
        for newcomer in newcomers {
            let listener = settings.listeners[newcomer.listenerIndex]
            if takePlace(at: listener) {
                serve(newcomer, at: listener)
            } else {
                refuse(newcomer)
            }
        }
        lookAround()
    }

    // MARK: Serving

    /// About what a connection takes in memory before it has said anything.
    private static let connectionByteCount = 2 << 10
    /// The same with what OpenSSL keeps of it during the handshake.
    private static let tlsByteCount = 32 << 10

    private func serve(_ newcomer: Newcomer, at listener: ListenerSettings) {
        guard let descriptor = newcomer.takeDescriptor() else { return leavePlace(at: listener) }
        let peer = newcomer.peer
        let transport = settings.transports[listener.index]
        // The HTTP API says itself that there is no memory.
        if listener.configuration.protocol != .httpApi {
            let isTLS = transport.tls != nil
            if isOutOfMemory(expecting: isTLS ? Self.tlsByteCount : Self.connectionByteCount) {
                leavePlace(at: listener)
                return log.notice("Client connection from \(peer.host) denied: out of memory.")
            }
        }
        do {
            let connection = try reactor.adopt(descriptor, peer: peer, over: transport)
            if listener.configuration.protocol == .httpApi {
                _ = HTTPExchange(worker: self, connection: connection, listener: listener)
                return
            }
            let client = Client(worker: self, connection: connection, listener: listener)
            if settings.configuration.connectionMessages, transport.proxy == nil {
                let port = newcomer.port
                log.notice("New connection from \(peer.host):\(peer.port) on port \(port).")
            }
            client.awaitConnect()
        } catch {
            leavePlace(at: listener)
            log.error("Error: Unable to serve connection from \(peer.host): \(error).")
        }
    }
}
