// SPDX-License-Identifier: Apache-2.0
// One task that waits for something to happen on an event loop.

import Synchronization

/// What a task waits for: finished once, by the event loop or because the task was cancelled.
final class Waiter<Value: Sendable>: Sendable {
    private enum State {
        case new
        // Not a checked one, which takes memory for each message: the states see to it that each is resumed once.
        case waiting(UnsafeContinuation<Value, any Error>)
        case finished(Result<Value, any Error>)
        case over
    }

    private let state = Mutex(State.new)

    /// Waits; throws `CancellationError` when the task is cancelled.
    nonisolated(nonsending) func wait() async throws -> Value {
        try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { continuation in
                let result: Result<Value, any Error>? = state.withLock { state in
                    if case .finished(let result) = state {
                        state = .over
                        return result
                    }
                    state = .waiting(continuation)
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            finish(.failure(CancellationError()))
        }
    }

    /// Ends the wait; what comes later counts for nothing.
    ///
    /// Returns whether this was the first call.
    @discardableResult
    func finish(_ result: Result<Value, any Error>) -> Bool {
        let (continuation, isFirst): (UnsafeContinuation<Value, any Error>?, Bool) =
            state.withLock { state in
                switch state {
                case .new:
                    state = .finished(result)
                    return (nil, true)
                case .waiting(let continuation):
                    state = .over
                    return (continuation, true)
                case .finished, .over: return (nil, false)
                }
            }
        continuation?.resume(with: result)
        return isFirst
    }
}
