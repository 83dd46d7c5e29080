// SPDX-License-Identifier: Apache-2.0
// Who answers at the HTTP listeners before clients are served, and when they are served no longer.

import HostAccess
import Log
package import Net
import Synchronization

/// Serves the `http_api` listeners while what was kept comes back to life, and while it is kept again.
///
/// The reactors are busy with that, and nobody can be asked who may read what. So it answers what needs
/// no login, and says of all else that this is not the time. A reactor of its own on a thread of its
/// own, from the opening of the listeners, or the signal that ends the broker, to `stop`.
package final class HealthServer: Sendable {
    private let thread: Thread
    private let isStopping: StopFlag

    /// Serves sockets that listen; nil when there are none.
    ///
    /// Where the machine has rules about who may connect there is none either: they are asked about by
    /// workers.
    package init?(_ broker: Broker, sockets: [ListenerSocket]) throws(SystemError) {
        guard !sockets.isEmpty, !broker.hostAccess.hasRules else { return nil }
        let flag = StopFlag(try Waker())
        isStopping = flag
        thread = try Thread(named: "health") {
            do throws(SystemError) {
                let reactor = try Reactor(index: broker.workers.count, waker: flag.waker)
                let delegate = HealthDelegate(broker, flag)
                reactor.delegate = delegate
                for socket in sockets { try reactor.add(socket) }
                try reactor.run()
                reactor.delegate = nil
            } catch {
                broker.log.warning("Warning: No answers about health now: \(error).")
            }
        }
    }

    /// Ends it, once; what comes from now on waits for whoever serves the sockets next.
    package func stop() {
        if isStopping.set() { thread.join() }
    }
}

/// Tells a thread to end.
private final class StopFlag: Sendable {
    let waker: Waker
    private let flag = Atomic<Bool>(false)

    init(_ waker: consuming Waker) { self.waker = waker }

    var isSet: Bool { flag.load(ordering: .acquiring) }

    /// Sets it; whether it was not set before.
    func set() -> Bool {
        let isFirst = !flag.exchange(true, ordering: .acquiringAndReleasing)
        waker.wake()
        return isFirst
    }
}

/// Takes connections in; belongs to the thread.
private final class HealthDelegate: ReactorDelegate {
    /// More than these are not served at a time.
    private static let connectionCountMax = 64

    private let broker: Broker
    private let flag: StopFlag

    init(_ broker: Broker, _ flag: StopFlag) {
        self.broker = broker
        self.flag = flag
    }

    func reactorWoken(_ reactor: Reactor) {
        if flag.isSet { reactor.stop() }
    }

    func reactorTurnEnding(_ reactor: Reactor) {}

    func reactorNextDeadline(_ reactor: Reactor) -> Int64? { nil }

    func reactor(
        _ reactor: Reactor,
        accepted descriptor: consuming OwnedDescriptor,
        from peer: PeerAddress,
        on socket: ListenerSocket
    ) {
        guard reactor.connectionCount < Self.connectionCountMax else { return }
        let transport = broker.settings.transports[socket.listenerIndex]
        // Without a descriptor, or memory, for it the peer tries again.
        guard let connection = try? reactor.adopt(descriptor, peer: peer, over: transport) else {
            return
        }
        connection.handler = HealthExchange(broker, reactor, connection)
    }

    func reactor(_ reactor: Reactor, descriptorsExhausted isExhausted: Bool) {}
}
