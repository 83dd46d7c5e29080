// SPDX-License-Identifier: Apache-2.0
// What a client's users and the thread of its event loop share.

import Synchronization

/// What a client is asked for, and how much of it is under way.
final class ClientCore: Sendable {
    fileprivate struct State {
        var commands: [ClientCommand] = []
        var isScheduled = false
        /// Messages that are published and not over, and their payload bytes.
        var pendingCount = 0
        var pendingByteCount = 0
        /// Those who wait for room.
        var forRoom: [Waiter<Void>] = []
        /// Those who wait until nothing is pending.
        var forNothing: [Waiter<Void>] = []
        /// Why the first of the messages that nobody waits for has failed.
        var failure: MQTTError?
        var listeners: [AsyncStream<MQTTConnectionEvent>.Continuation] = []
    }

    let configuration: MQTTConfiguration
    /// Messages that no open subscription is for.
    let others: Inbox
    private let loop: MQTTEventLoop
    private let state = Mutex(State())
    private let pendingMax: Int
    private let pendingBytesMax: Int

    init(_ configuration: MQTTConfiguration, _ loop: MQTTEventLoop) {
        self.configuration = configuration
        self.loop = loop
        others = Inbox(configuration.limits)
        pendingMax = max(1, configuration.limits.queuedMax)
        pendingBytesMax = max(1, configuration.limits.queuedBytesMax)
    }

    // MARK: Asking

    /// Asks for something.
    func post(_ command: ClientCommand) {
        let mustWake = state.withLock { state in
            state.commands.append(command)
            return state.schedule()
        }
        if mustWake { wake() }
    }

    private func wake() {
        do throws(MQTTError) {
            try loop.wake(for: self)
        } catch {
            refuse(error)
        }
    }

    /// Asks for messages to be published, as many as there is room for; returns how many those were.
    func publish(_ messages: some Sequence<MQTTMessage>) -> Int {
        let (count, mustWake) = state.withLock { state in
            var count = 0
            for message in messages {
                guard state.hasRoom(pendingMax, pendingBytesMax) else { break }
                state.add(message, nil)
                count += 1
            }
            return (count, count > 0 && state.schedule())
        }
        if mustWake { wake() }
        return count
    }

    /// Asks for a message to be published, if there is room for it.
    func publish(_ message: MQTTMessage, _ waiter: Waiter<MQTTReasonCode>?) -> Bool {
        let (isTaken, mustWake) = state.withLock { state in
            guard state.hasRoom(pendingMax, pendingBytesMax) else { return (false, false) }
            state.add(message, waiter)
            return (true, state.schedule())
        }
        if mustWake { wake() }
        return isTaken
    }

    /// Waits until there is room.
    nonisolated(nonsending) func waitForRoom() async throws {
        let waiter = Waiter<Void>()
        let hasRoom = state.withLock { state in
            if state.hasRoom(pendingMax, pendingBytesMax) { return true }
            state.forRoom.append(waiter)
            return false
        }
        guard !hasRoom else { return }
        post(.expect)
        try await waiter.wait()
    }

    /// Waits until nothing that was published is under way; throws what has failed meanwhile.
    nonisolated(nonsending) func waitForNothing() async throws {
        let waiter = Waiter<Void>()
        let isNothing = state.withLock { state in
            if state.pendingCount == 0 { return true }
            state.forNothing.append(waiter)
            return false
        }
        if !isNothing {
            post(.expect)
            try await waiter.wait()
        }
        let failure = state.withLock { state in
            defer { state.failure = nil }
            return state.failure
        }
        if let failure { throw failure }
    }

    // MARK: On the thread of the event loop

    /// Everything that has been asked for.
    func takeCommands() -> [ClientCommand] {
        state.withLock { state in
            defer { state.commands = [] }
            state.isScheduled = false
            return state.commands
        }
    }

    /// Whether somebody waits until messages are over.
    var isAwaited: Bool {
        state.withLock { !$0.forRoom.isEmpty || !$0.forNothing.isEmpty }
    }

    /// Messages are over.
    func completed(_ count: Int, _ byteCount: Int, _ failure: MQTTError?) {
        let waiters = state.withLock { state in
            state.pendingCount -= count
            state.pendingByteCount -= byteCount
            assert(state.pendingCount >= 0, "what is over was begun")
            if state.failure == nil { state.failure = failure }
            var waiters: [Waiter<Void>] = []
            if state.pendingCount <= pendingMax / 2, state.pendingByteCount <= pendingBytesMax / 2 {
                swap(&waiters, &state.forRoom)
            }
            if state.pendingCount == 0 {
                waiters += state.forNothing
                state.forNothing = []
            }
            return waiters
        }
        for waiter in waiters { waiter.finish(.success(())) }
    }

    /// There is no thread: nothing of what was asked for will be done.
    func refuse(_ error: MQTTError) {
        for command in takeCommands() {
            switch command {
            case .connect(_, let waiter): waiter.finish(.failure(error))
            case .publish(let message, let waiter):
                waiter?.finish(.failure(error))
                completed(1, message.payload.count, error)
            case .subscribe(_, _, _, let waiter), .unsubscribe(_, .some(let waiter)):
                waiter.finish(.failure(error))
            case .reauthenticate(let waiter): waiter.finish(.failure(error))
            case .disconnect(_, let waiter): waiter.finish(.success(()))
            case .unsubscribe(_, .none), .drop, .resume, .expect, .close: break
            }
        }
    }

    // MARK: Events

    /// The connection's comings and goings from now on.
    func events() -> AsyncStream<MQTTConnectionEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: MQTTConnectionEvent.self,
            bufferingPolicy: .bufferingNewest(100)
        )
        state.withLock { $0.listeners.append(continuation) }
        return stream
    }

    /// Tells of an event.
    func tell(_ event: MQTTConnectionEvent) {
        let listeners = state.withLock { $0.listeners }
        guard !listeners.isEmpty else { return }
        let ended = listeners.indices.filter { index in
            if case .terminated = listeners[index].yield(event) { true } else { false }
        }
        guard !ended.isEmpty else { return }
        state.withLock { state in
            for index in ended.reversed() { state.listeners.remove(at: index) }
        }
    }

    /// Nobody has the client any more.
    func endEvents() {
        let listeners = state.withLock { state in
            defer { state.listeners = [] }
            return state.listeners
        }
        for listener in listeners { listener.finish() }
    }
}

extension ClientCore.State {
    /// Returns whether the thread has to be told.
    fileprivate mutating func schedule() -> Bool {
        defer { isScheduled = true }
        return !isScheduled
    }

    fileprivate func hasRoom(_ countMax: Int, _ bytesMax: Int) -> Bool {
        pendingCount < countMax && pendingByteCount < bytesMax
    }

    fileprivate mutating func add(_ message: MQTTMessage, _ waiter: Waiter<MQTTReasonCode>?) {
        pendingCount += 1
        pendingByteCount += message.payload.count
        commands.append(.publish(message, waiter))
    }
}
