// SPDX-License-Identifier: Apache-2.0
// Clients that have been asked for something.

import Net
import Synchronization

/// Clients that have been asked for something, on their way to their thread.
final class LoopMail: Sendable {
    private struct State {
        var cores: [ClientCore] = []
        var isStopped = false
        /// Whether the thread looks here before it sleeps.
        var isAwake = false
    }

    private let state = Mutex(State())
    let waker: Waker

    init(_ waker: Waker) { self.waker = waker }

    /// A client has been asked for something, for the first time since it was taken.
    func put(_ core: ClientCore) {
        let isAsleep = state.withLock { state in
            state.cores.append(core)
            defer { state.isAwake = true }
            return !state.isAwake
        }
        if isAsleep { waker.wake() }
    }

    /// The thread ends once all its clients have.
    func stop() {
        state.withLock { $0.isStopped = true }
        waker.wake()
    }

    /// Everything that has come, and whether nothing will; where that is nothing, the thread may sleep until
    /// it is woken.
    func takeAll() -> (cores: [ClientCore], isStopped: Bool) {
        state.withLock { state in
            state.isAwake = !state.cores.isEmpty
            defer { state.cores = [] }
            return (state.cores, state.isStopped)
        }
    }

    /// Whether the thread must look again before it sleeps.
    var isAwake: Bool { state.withLock { $0.isAwake } }
}
