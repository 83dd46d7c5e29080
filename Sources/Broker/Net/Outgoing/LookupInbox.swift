// SPDX-License-Identifier: Apache-2.0
// Answers of the resolver on their way to a reactor.

import Synchronization

/// What the resolver has found, for one outgoing connection.
struct LookupOutcome: Sendable {
    /// Which one: the number it has on its reactor.
    let number: UInt64
    let result: Result<NameAnswer, NameFailure>
}

/// Answers on their way to a reactor.
final class LookupInbox: Sendable {
    private let outcomes = Mutex<[LookupOutcome]>([])
    private let waker: Waker

    init(_ waker: Waker) {
        self.waker = waker
    }

    func put(_ outcome: LookupOutcome) {
        let isFirst = outcomes.withLock { outcomes in
            outcomes.append(outcome)
            return outcomes.count == 1
        }
        if isFirst { waker.wake() }
    }

    func takeAll() -> [LookupOutcome] {
        outcomes.withLock { outcomes in
            defer { outcomes = [] }
            return outcomes
        }
    }
}
