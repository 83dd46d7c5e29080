// SPDX-License-Identifier: Apache-2.0
// Reactors that share a thread.

import Synchronization

/// Lets reactors share the thread of the first one while their work fits there.
///
/// Two threads that share out a little work cost more than one: what crosses between reactors wakes
/// a thread each time, and where processors are scarce the threads take them from one another and
/// from the clients. So while the first reactor has time, others *join* it: their threads sleep, and the
/// first one's drives the epoll instances of all. When it has no time left, the group splits, and
/// each reactor has a thread again.
///
/// A reactor is driven by one thread at a time. It changes hands in a `GroupMember`: its own thread
/// puts that here and lets the reactor alone until the shared thread has given it back.
package final class ReactorGroup: Sendable {
    private struct State {
        var isOpen = false
        var joining: [GroupMember] = []
        var policy: GroupPolicy
    }

    private let state: Mutex<State>
    private let hasJoining = Atomic(false)
    private let waker: Waker

    /// - Parameters:
    ///   - reactorCount: How many reactors there are; their indexes are below.
    ///   - waker: What wakes the first.
    package init(reactorCount: Int, waker: Waker) {
        state = Mutex(State(policy: GroupPolicy(reactorCount: reactorCount)))
        self.waker = waker
    }

    // MARK: On the shared thread

    /// From now on reactors may join.
    func open() { state.withLock { $0.isOpen = true } }

    /// From now on none joins any more; those who have asked to and have not been taken go on by
    /// themselves.
    func close() {
        let members = state.withLock { state in
            state.isOpen = false
            defer { state.joining = [] }
            return state.joining
        }
        for member in members { member.release() }
    }

    /// Those who have joined since the last call.
    func takeJoining() -> [GroupMember] {
        guard hasJoining.load(ordering: .acquiring) else { return [] }
        return state.withLock { state in
            hasJoining.store(false, ordering: .relaxed)
            defer { state.joining = [] }
            return state.joining
        }
    }

    /// Whether the group is to split, as the shared thread reports this load.
    func splits(_ load: ThreadLoad, isAlone: Bool, now: Int64) -> Bool {
        state.withLock { $0.policy.splits(load, isAlone: isAlone, now: now) }
    }

    // MARK: On the other threads

    /// Lets `reactor`, whose thread reports this load, join if that is a good idea.
    ///
    /// On the reactor's own thread, which sleeps until `ended` is signalled; returns whether it joined,
    /// when it has left again.
    func join(_ reactor: Reactor, _ load: ThreadLoad, ended: Waker, now: Int64) -> Bool {
        let member = GroupMember(reactor, ended: ended)
        let joins = state.withLock { state in
            guard state.isOpen, state.policy.joins(reactor.index, load, now: now) else {
                return false
            }
            state.joining.append(member)
            hasJoining.store(true, ordering: .releasing)
            return true
        }
        guard joins else { return false }
        waker.wake()
        ended.wait()
        ended.clear()
        return true
    }
}
