// SPDX-License-Identifier: Apache-2.0
// Does something when as many have arrived as were expected.

import Synchronization

/// Does something when as many have arrived as were expected, on the thread of the last one.
final class Countdown: Sendable {
    private let missing: Atomic<Int>
    private let action: @Sendable () -> Void

    init(_ count: Int, _ action: @escaping @Sendable () -> Void) {
        assert(count > 0, "somebody is to arrive")
        missing = Atomic(count)
        self.action = action
    }

    func arrive() {
        if missing.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { action() }
    }
}
