// SPDX-License-Identifier: Apache-2.0
// What all workers have to say, each on its thread.

import Synchronization

/// Parts of an answer, one of each worker; calls its body with all of them when the last has come.
final class Gathering<Part: Sendable>: Sendable {
    private struct State {
        var parts: [Part] = []
        var missing: Int
    }

    private let state: Mutex<State>
    private let body: @Sendable ([Part]) -> Void

    fileprivate init(_ count: Int, _ body: @escaping @Sendable ([Part]) -> Void) {
        assert(count > 0, "somebody answers")
        state = Mutex(State(missing: count))
        self.body = body
    }

    fileprivate func add(_ part: Part) {
        let all = state.withLock { state in
            state.parts.append(part)
            state.missing -= 1
            assert(state.missing >= 0, "a worker answers once")
            return state.missing == 0 ? state.parts : nil
        }
        if let all { body(all) }
    }
}

extension Worker {
    /// Does something in slices of this worker's turns until there is a result.
    func slice<Part>(_ step: @escaping (Worker) -> Part?, _ handIn: @escaping (Part) -> Void) {
        slices.add { [unowned self] in
            guard let part = step(self) else { return false }
            handIn(part)
            return true
        }
    }
}

extension Broker {
    /// Has every worker begin something on its thread and hand in its part later, once; then calls
    /// `body` with the parts, in no order, on a thread that no client waits for.
    ///
    /// Never calls it if a worker is stuck or has ended.
    func gather<Part: Sendable>(
        _ begin: @escaping @Sendable (Worker, _ handIn: @escaping (Part) -> Void) -> Void,
        _ body: @escaping @Sendable ([Part]) -> Void
    ) {
        let gathering = Gathering<Part>(workers.count) { [self] parts in
            perform { body(parts) }
        }
        for worker in workers {
            worker.post { worker in begin(worker) { gathering.add($0) } }
        }
    }
}
