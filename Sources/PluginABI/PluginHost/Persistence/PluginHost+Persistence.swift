// SPDX-License-Identifier: Apache-2.0
// Persistence plugins: what is told to them, and what they give back.

import CMosquitto
package import Core
package import Inflight
import Synchronization

extension PluginHost {
    package var keepsState: Bool { registry.current.keepsState }

    package var tellsAtOnce: Bool { registry.current.isPersistenceDirect }

    package func tell(
        _ changes: ChangeList,
        of worker: Int,
        _ number: UInt64
    ) -> Bool {
        let snapshot = registry.current
        if snapshot.isPersistenceDirect {
            return persistence.tell(changes, of: worker, number, snapshot)
        }
        lane.enqueue(
            .job { [self] in
                if persistence.tell(changes, of: worker, number, registry.current) {
                    broker.workers[worker].post { $0.noteTold(number) }
                }
            }
        )
        return false
    }

    /// Has plugins give back what they have kept; nil: nobody keeps anything.
    ///
    /// On the plugin thread, before the workers start.
    package func restore() -> (any StoredState)? {
        let snapshot = registry.current
        let callbacks = snapshot.persistence[Int(PluginEvent.persistRestore.rawValue)]
        guard snapshot.keepsState || !callbacks.isEmpty else { return nil }
        let state = RestoredState(broker)
        restoring.withLock { $0 = state }
        for callback in callbacks {
            var event = mosquitto_evt_persist_restore()
            _ = callback.call(&event, watch)
        }
        restoring.withLock { $0 = nil }
        state.finish()
        restored.withLock { $0 = state }
        return state
    }

    /// The clock that restored messages were made with.
    package var restoredClock: WallClock? { restored.withLock { $0?.restorer.clock } }

    /// The greatest number of a message that was given back.
    package var lastRestoredNumber: MessageNumber {
        restored.withLock { $0?.lastNumber(node: broker.nodeIdentifier) ?? 0 }
    }

    /// What was given back has come to life: plugins learn what of it nobody needs.
    ///
    /// `report` has the workers tell what happens from now on; then what plugins have published
    /// meanwhile is published.
    package func finishRestoring(_ report: () -> Void) {
        let state = restored.withLock { restored in
            defer { restored = nil }
            return restored
        }
        if let state { persistence.begin(with: state, registry.current) }
        hasStarted.store(true, ordering: .releasing)
        if keepsState { report() }
        for publish in state?.publications ?? [] { publish() }
    }

    /// What is being given back; nil outside of `PERSIST_RESTORE`.
    var restoringState: RestoredState? { restoring.withLock { $0 } }
}
