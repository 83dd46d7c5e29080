// SPDX-License-Identifier: Apache-2.0
// Persistence plugins are told one thing at a time, whatever thread has something to tell.

import Core
import Synchronization

/// The one place where persistence plugins are told what happens.
///
/// Whoever has something to tell while nobody is telling does so at once, and goes on with what
/// others leave meanwhile; nobody waits for anybody.
///
/// `@unchecked Sendable`: the teller is touched only by who has found `isRunning` false and set it.
final class PersistenceLine: @unchecked Sendable {
    private struct Batch {
        let changes: ChangeList
        let worker: Int
        let number: UInt64
    }

    private struct State {
        var isRunning = false
        var waiting: [Batch] = []
    }

    private let state = Mutex(State())
    private let teller: PersistenceTeller
    private let broker: Broker

    init(_ broker: Broker, _ watch: Stopwatch) {
        self.broker = broker
        teller = PersistenceTeller(broker, watch)
    }

    /// Tells changes, or leaves them to who is telling; whether they have been told: else the list is taken.
    func tell(
        _ changes: ChangeList,
        of worker: Int,
        _ number: UInt64,
        _ snapshot: CallbackSnapshot
    ) -> Bool {
        let begins = state.withLock { state in
            if state.isRunning {
                state.waiting.append(Batch(changes: changes, worker: worker, number: number))
                return false
            }
            state.isRunning = true
            return true
        }
        guard begins else { return false }
        teller.tell(changes, snapshot)
        goOn(snapshot)
        return true
    }

    private func goOn(_ snapshot: CallbackSnapshot) {
        while true {
            let batches = state.withLock { state in
                let batches = state.waiting
                state.waiting = []
                if batches.isEmpty { state.isRunning = false }
                return batches
            }
            if batches.isEmpty { return }
            for batch in batches {
                teller.tell(batch.changes, snapshot)
                let number = batch.number
                broker.workers[batch.worker].post { $0.noteTold(number) }
            }
        }
    }

    /// Notes what was given back at the start, before anybody tells anything, and says which of it
    /// nobody needs.
    func begin(with restored: RestoredState, _ snapshot: CallbackSnapshot) {
        let begins = state.withLock { state in
            defer { state.isRunning = true }
            return !state.isRunning
        }
        precondition(begins, "nothing happens before the start")
        teller.adopt(restored, snapshot)
        goOn(snapshot)
    }
}
