// SPDX-License-Identifier: Apache-2.0
// Messages that have arrived and wait for a task to take them.

import Synchronization

/// Messages between the thread of an event loop, which puts them in stretches, and tasks that take all
/// there are at once.
final class Inbox: Sendable {
    fileprivate struct State {
        var messages: [MQTTMessage] = []
        var byteCount = 0
        var waiters: [Waiter<[MQTTMessage]?>] = []
        var end: Result<Void, MQTTError>?
        var mustResume = false
    }

    private let state = Mutex(State())
    private let messagesMax: Int
    private let bytesMax: Int

    init(_ limits: MQTTQueueLimits) {
        messagesMax = max(1, limits.receivedMax)
        bytesMax = max(1, limits.receivedBytesMax)
    }

    /// Puts messages in.
    func put(_ messages: [MQTTMessage]) {
        guard var (waiter, batch) = offer(messages, isBack: false) else { return }
        // A task that has been cancelled does not get them: the next one does.
        while !waiter.finish(.success(batch)) {
            guard let next = offer(batch, isBack: true) else { return }
            (waiter, batch) = next
        }
    }

    /// Keeps messages, or names who gets them.
    private func offer(
        _ messages: [MQTTMessage],
        isBack: Bool
    ) -> (Waiter<[MQTTMessage]?>, [MQTTMessage])? {
        state.withLock { state -> (Waiter<[MQTTMessage]?>, [MQTTMessage])? in
            if state.end != nil, !isBack { return nil }
            if isBack {
                state.messages = messages + state.messages
            } else {
                state.messages.append(contentsOf: messages)
            }
            for message in messages { state.byteCount += message.payload.count }
            guard !state.waiters.isEmpty else { return nil }
            return (state.waiters.removeFirst(), state.takeAll())
        }
    }

    /// Whether no more is to be read from the server before somebody has taken what is here; then
    /// `take` says when that is so.
    var isFull: Bool {
        state.withLock { state in
            let isFull = state.messages.count >= messagesMax || state.byteCount >= bytesMax
            if isFull { state.mustResume = true }
            return isFull
        }
    }

    /// No message follows.
    func end(_ result: Result<Void, MQTTError>) {
        let waiters = state.withLock { state in
            if state.end == nil { state.end = result }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.finish(result.map { nil }.mapError { $0 }) }
    }

    /// The client has connected again after its end: messages may follow.
    func reopen() { state.withLock { $0.end = nil } }

    /// Takes what is there, or waits for it; nil when nothing follows.
    ///
    /// `resume` is called if the inbox had been full.
    nonisolated(nonsending) func take(_ resume: () -> Void) async throws -> [MQTTMessage]? {
        enum Found {
            case batch([MQTTMessage], mustResume: Bool)
            case end(Result<Void, MQTTError>)
            case nothing(Waiter<[MQTTMessage]?>)
        }
        let found: Found = state.withLock { state in
            if !state.messages.isEmpty {
                defer { state.mustResume = false }
                return .batch(state.takeAll(), mustResume: state.mustResume)
            }
            if let end = state.end { return .end(end) }
            let waiter = Waiter<[MQTTMessage]?>()
            state.waiters.append(waiter)
            return .nothing(waiter)
        }
        switch found {
        case .batch(let batch, let mustResume):
            if mustResume { resume() }
            return batch
        case .end(let end):
            try end.get()
            return nil
        case .nothing(let waiter): return try await waiter.wait()
        }
    }
}

extension Inbox.State {
    fileprivate mutating func takeAll() -> [MQTTMessage] {
        defer {
            messages = []
            byteCount = 0
        }
        return messages
    }
}
