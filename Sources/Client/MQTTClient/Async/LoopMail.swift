// SPDX-License-Identifier: Apache-2.0
// Clients that have been asked for something.

import Net
import Synchronization

/// Clients that have been asked for something, on their way to their thread.
final class LoopMail: Sendable {
    private struct State {
        var cores: [ClientCore] = []
        var isStopped = false
    }

    private let state = Mutex(State())
    let waker: Waker

    init(_ waker: Waker) { self.waker = waker }

    /// A client has been asked for something, for the first time since it was taken.
    func put(_ core: ClientCore) {
        let isFirst = state.withLock { state in
            state.cores.append(core)
            return state.cores.count == 1
        }
        if isFirst { waker.wake() }
    }

    /// The thread ends once all its clients have.
    func stop() {
        state.withLock { $0.isStopped = true }
        waker.wake()
    }

    /// Everything that has come, and whether nothing will.
    func takeAll() -> (cores: [ClientCore], isStopped: Bool) {
        state.withLock { state in
            defer { state.cores = [] }
            return (state.cores, state.isStopped)
        }
    }
}
