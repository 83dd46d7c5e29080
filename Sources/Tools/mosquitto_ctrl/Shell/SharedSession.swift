// SPDX-License-Identifier: Apache-2.0
// The shell's connection, kept alive while the person at the terminal thinks.

import Dispatch
import JSON
import MQTTClient
import Synchronization

/// A session the shell uses and a timer keeps alive, one at a time.
final class SharedSession: Sendable {
    private static let checkInterval = DispatchTimeInterval.seconds(1)

    private struct State {
        var session: Session?
        var failure: MQTTError?
        var timer: (any DispatchSourceTimer)?
    }

    private let state: Mutex<State>

    /// Connects.
    init(_ options: ConnectionOptions) throws(MQTTError) {
        state = Mutex(State(session: try Session(options)))
        let interval = Self.checkInterval
        let check: @Sendable () -> Void = { [weak self] in self?.keepAlive() }
        state.withLock { state in
            let timer = DispatchSource.makeTimerSource()
            timer.schedule(deadline: .now() + interval, repeating: interval)
            timer.setEventHandler(handler: check)
            timer.resume()
            state.timer = timer
        }
    }

    /// Why the connection ended by itself, nil while it has not.
    var failure: MQTTError? { state.withLock { $0.failure } }

    /// Subscribes to the answers of `module`.
    func open(_ module: ControlModule, _ deadline: Deadline) throws(RequestError) {
        let result = state.withLock { state in
            Result { () throws(RequestError) in try state.session?.open(module.topics, deadline) }
        }
        try result.get()
    }

    /// Sends one command and waits for its response.
    func request(
        _ command: JSONValue,
        of module: ControlModule,
        _ deadline: Deadline
    ) throws(RequestError) -> JSONValue {
        let result = state.withLock { state in
            Result { () throws(RequestError) in
                guard let session = state.session else { throw .client(.closed) }
                return try session.request(command, of: module, deadline)
            }
        }
        return try result.get()
    }

    /// Ends the connection.
    func disconnect() {
        state.withLock { state in
            state.timer?.cancel()
            if state.failure == nil { state.session?.disconnect() }
            state.session = nil
        }
    }

    /// Looks after the connection; a request under way does so itself.
    private func keepAlive() {
        _ = state.withLockIfAvailable { state in
            guard state.failure == nil, let session = state.session else { return }
            do {
                try session.keepAlive()
            } catch let error as MQTTError {
                state.failure = error
            } catch {
                state.failure = .closed
            }
        }
    }
}
