// SPDX-License-Identifier: Apache-2.0
// What the workers image, put together.

package import Net
import Synchronization

/// Waits for the snapshots of all workers.
package final class SnapshotCollector: Sendable {
    private struct Parts {
        var missing: Int
        var snapshot = StateSnapshot()
    }

    private let parts: Mutex<Parts>
    private let waker: Waker

    package init(workers count: Int) throws(SystemError) {
        parts = Mutex(Parts(missing: count))
        waker = try Waker()
    }

    /// Takes the snapshot of one worker.
    package func add(_ snapshot: StateSnapshot) {
        let isWhole = parts.withLock { parts in
            parts.snapshot.add(snapshot)
            parts.missing -= 1
            assert(parts.missing >= 0, "each worker sends one")
            return parts.missing == 0
        }
        if isWhole { waker.wake() }
    }

    /// Waits for all of them; to be called once.
    package func wait() -> StateSnapshot {
        waker.wait()
        return parts.withLock { parts in
            defer { parts.snapshot = StateSnapshot() }
            return parts.snapshot
        }
    }
}
