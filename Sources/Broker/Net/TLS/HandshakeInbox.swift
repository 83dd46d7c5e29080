// SPDX-License-Identifier: Apache-2.0
// Outcomes of handshakes on their way to a reactor.

import Synchronization

/// Outcomes on their way to a reactor.
final class HandshakeInbox: Sendable {
    private let outcomes = Mutex<[HandshakeOutcome]>([])
    private let waker: Waker

    init(_ waker: Waker) {
        self.waker = waker
    }

    func put(_ outcome: HandshakeOutcome) {
        let isFirst = outcomes.withLock { outcomes in
            outcomes.append(outcome)
            return outcomes.count == 1
        }
        if isFirst { waker.wake() }
    }

    func takeAll() -> [HandshakeOutcome] {
        outcomes.withLock { outcomes in
            defer { outcomes = [] }
            return outcomes
        }
    }
}
