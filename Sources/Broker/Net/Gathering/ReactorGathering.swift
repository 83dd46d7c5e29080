// SPDX-License-Identifier: Apache-2.0
// Where reactors meet that share a thread.

import Synchronization

/// Lets reactors share the thread of the first one while their work fits there.
///
/// Two threads that share out a little work cost more than one: what crosses between reactors wakes
/// a thread each time, and where processors are scarce the threads take them from one another and
/// from the clients. So a reactor *lodges* with the first while that has time: its thread sleeps, and
/// the first one's makes the turns of both. When the host has no time left, its lodgers go home.
///
/// A reactor is worked on by one thread at a time. It changes hands in a `Lodging`: its own thread
/// puts that here and lets the reactor alone until the host has given the key back.
package final class ReactorGathering: Sendable {
    private struct State {
        var isOpen = false
        var arrivals: [Lodging] = []
        var policy: GatheringPolicy
    }

    private let state: Mutex<State>
    private let hasArrivals = Atomic(false)
    private let hostWaker: Waker

    /// - Parameters:
    ///   - reactorCount: How many reactors there are; their indexes are below.
    ///   - hostWaker: What wakes the first.
    package init(reactorCount: Int, hostWaker: Waker) {
        state = Mutex(State(policy: GatheringPolicy(reactorCount: reactorCount)))
        self.hostWaker = hostWaker
    }

    // MARK: The host's side

    /// From now on the host takes lodgers.
    func open() { state.withLock { $0.isOpen = true } }

    /// From now on nobody comes any more; who has come and has not been taken goes home.
    func close() {
        let arrivals = state.withLock { state in
            state.isOpen = false
            defer { state.arrivals = [] }
            return state.arrivals
        }
        for arrival in arrivals { arrival.end() }
    }

    /// Those who have come since the last call.
    func takeArrivals() -> [Lodging] {
        guard hasArrivals.load(ordering: .acquiring) else { return [] }
        return state.withLock { state in
            hasArrivals.store(false, ordering: .relaxed)
            defer { state.arrivals = [] }
            return state.arrivals
        }
    }

    /// Whether the host, whose thread reports this load, is to send its lodgers home.
    func hostParts(_ load: ThreadLoad, isAlone: Bool, now: Int64) -> Bool {
        state.withLock { $0.policy.hostParts(load, isAlone: isAlone, now: now) }
    }

    // MARK: The lodgers' side

    /// Lets `reactor`, whose thread reports this load, lodge with the host if that is a good idea.
    ///
    /// On the reactor's own thread; returns when the reactor is its own again.
    func considerLodging(_ reactor: Reactor, _ load: ThreadLoad, key: Waker, now: Int64) -> Bool {
        let lodging = Lodging(reactor, key: key)
        let isComing = state.withLock { state in
            guard state.isOpen, state.policy.lodges(reactor.index, load, now: now) else {
                return false
            }
            state.arrivals.append(lodging)
            hasArrivals.store(true, ordering: .releasing)
            return true
        }
        guard isComing else { return false }
        hostWaker.wake()
        key.wait()
        key.clear()
        return true
    }
}

/// A reactor in the hands of another one's thread.
///
/// `@unchecked Sendable`: whoever has the lodging has the reactor. Its own thread waits for the key
/// from before it hands the lodging over, under a lock, until the host has given the key back.
final class Lodging: @unchecked Sendable {
    let reactor: Reactor
    private let key: Waker
    /// Whether something has come for the reactor; only the host's thread looks.
    var isReady = true
    /// When the reactor has to have a turn, in milliseconds of the monotonic clock.
    var deadline = Int64.max

    init(_ reactor: Reactor, key: Waker) {
        self.reactor = reactor
        self.key = key
    }

    /// Gives the reactor back to its own thread.
    func end() { key.wake() }
}
