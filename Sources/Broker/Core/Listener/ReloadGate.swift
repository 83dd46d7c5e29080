// SPDX-License-Identifier: Apache-2.0
// Connections that are made after SIGHUP wait for the reload.

import Glibc
import Net
import Synchronization

/// Keeps new connections waiting while a reload is under way.
///
/// Whoever has sent SIGHUP and connects next expects the new configuration, password and ACL files.
/// The reload happens on other threads; so a new connection waits from the moment the signal is on its way
/// until the reload has come into force. Connected clients and reactors do not wait.
package final class ReloadGate: Sendable {
    private let holds = Atomic<Int>(0)
    private let isAnyoneWaiting = Atomic<Bool>(false)

    /// Makes an open gate.
    init() {}

    /// New connections wait from now on, until `open` has been called as often as this.
    ///
    /// Call it while SIGHUP is still noted, before it is taken: `isClosed` also looks for a SIGHUP on
    /// its way, so a connection that is made in between waits as well.
    package func close() {
        holds.add(1, ordering: .sequentiallyConsistent)
    }

    /// Takes one `close` back; returns whether there are connections to be let in.
    func open() -> Bool {
        guard holds.subtract(1, ordering: .sequentiallyConsistent).newValue == 0 else {
            return false
        }
        return isAnyoneWaiting.exchange(false, ordering: .sequentiallyConsistent)
    }

    /// Whether new connections wait.
    ///
    /// The signal is looked for first. It is on its way until `close` has been called, so a reload whose
    /// signal is not any more has been counted in `holds`.
    var isClosed: Bool {
        ProcessSignals.isComing(SIGHUP) || holds.load(ordering: .sequentiallyConsistent) > 0
    }

    /// Says that a connection waits; false if it need not any more.
    func announceWaiting() -> Bool {
        isAnyoneWaiting.store(true, ordering: .sequentiallyConsistent)
        return isClosed
    }
}

extension Broker {
    /// Takes one `gate.close()` back.
    ///
    /// Callable from any thread.
    package func openGate() {
        guard gate.open() else { return }
        for worker in workers { worker.post { $0.acceptHeld() } }
    }
}
