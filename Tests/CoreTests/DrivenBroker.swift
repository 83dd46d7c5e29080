// SPDX-License-Identifier: Apache-2.0
// A broker in this process and on this thread, whose turns are made by hand.

import Config
import Glibc
import Log

@testable import Core
@testable import Net

/// The real core with its reactors, of which nobody runs any: each turn is made by `turn`.
///
/// So nothing happens at the same time as anything else, and what happens depends on what was done
/// alone. Time passes with `advance`.
final class DrivenBroker {
    let broker: Broker
    private(set) var workers: [Worker] = []
    /// What is in force; a change needs `reload`.
    var configuration: Configuration
    private var sockets: [ListenerSocket] = []

    /// More turns than this in a row are a broker that never rests.
    static let turnsMax = 100_000

    /// `configuration` without listeners gets one that lets everybody in.
    init(
        _ configuration: Configuration = Configuration(),
        workers count: Int = 1,
        hooks: (any Hooks)? = nil
    ) throws {
        var configuration = configuration
        // SESSION_LOG=1 shows what the broker has to say to it all.
        configuration.logging.destinations = getenv("SESSION_LOG") == nil ? [] : .stderr
        if getenv("SESSION_LOG") != nil { configuration.logging.types = .all }
        configuration.workerGathering = false
        if configuration.listeners.isEmpty { configuration.listeners = [ListenerConfiguration()] }
        configuration.security.allowAnonymous = true
        self.configuration = configuration
        let log = Log()
        log.configure(configuration.logging)
        broker = try Broker(configuration, workerCount: count, log: log)
        if let hooks { broker.install(hooks) }
        for index in configuration.listeners.indices {
            sockets.append(try Self.listeningSocket(index))
        }
        for handle in broker.workers {
            let worker = try Worker(broker: broker, mailbox: handle)
            worker.begin()
            workers.append(worker)
        }
    }

    /// One turn of each reactor.
    func turn() {
        for worker in workers { worker.reactor.turn() }
    }

    /// Makes turns until there is nothing to do; returns whether it came to rest.
    @discardableResult
    func settle() -> Bool {
        for _ in 0..<Self.turnsMax {
            guard isReady else { return true }
            turn()
        }
        return false
    }

    /// Puts the configuration in force as it is by now.
    func reload() {
        do {
            broker.apply(configuration, try broker.prepare(configuration))
        } catch {
            preconditionFailure("a broker without files has nothing to fail with: \(error)")
        }
    }

    /// Whether a turn would do anything.
    var isReady: Bool { workers.contains(where: \.reactor.isReady) }

    /// Lets time pass; what is due happens with the next turns.
    func advance(seconds: Int64) {
        for worker in workers { worker.reactor.advanceClock(seconds: seconds) }
    }

    /// Lets all reactors have one thread, as far as they know.
    func coSchedule() {
        for worker in workers { worker.reactor.coSchedule(with: workers.map(\.reactor)) }
    }

    /// A new connection to one of the reactors.
    ///
    /// `sendBuffer`: bytes that the kernel takes from the broker while the peer does not read.
    func connect(to worker: Int = 0, listener: Int = 0, sendBuffer: Int32? = nil) throws -> Peer {
        var ends: [CInt] = [-1, -1]
        let kind =
            CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw SystemError("socketpair") }
        if var size = sendBuffer {
            setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        let peer = Peer(OwnedDescriptor(ends[1]))
        workers[worker].accept(
            AcceptedSocket(
                OwnedDescriptor(ends[0]),
                peer: .text("peer", port: 1),
                socket: sockets[listener]
            )
        )
        return peer
    }

    /// Ends the broker as `SIGTERM` would.
    func end() {
        for worker in workers { worker.stopReading() }
        for worker in workers {
            worker.publishAllWills()
            worker.finishDeliveries()
        }
        settle()
        for worker in workers { worker.stop() }
        settle()
        for worker in workers { worker.reactor.closeConnections() }
        for worker in workers { worker.end() }
        workers = []
    }

    /// Stands for a listener; nobody can reach it, because no reactor has it.
    private static func listeningSocket(_ index: Int) throws -> ListenerSocket {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return try withUnsafePointer(to: address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address throws in
                try ListenerSocket.tcp(
                    address,
                    length: socklen_t(MemoryLayout<sockaddr_in>.size),
                    listenerIndex: index,
                    hasNoDelay: false
                )
            }
        }
    }
}
