// SPDX-License-Identifier: Apache-2.0
// The commands of one request, one after the other.

import Net
import Synchronization

/// Carries out the commands of one request, in order.
///
/// Each step runs on a thread that no client waits for. A command may be answered later, and on any
/// thread: then the next one begins when it is.
final class ControlRun: Sendable {
    private struct State {
        var next = 0
        var answers = ControlAnswers()
    }

    private let commands: [RequestedCommand]
    private let actor: ControlActor
    private let broker: Broker
    private let state = Mutex(State())
    private let finish: @Sendable ([UInt8]) -> Void

    init(
        _ request: ControlQueue.Request,
        _ broker: Broker,
        _ finish: @escaping @Sendable ([UInt8]) -> Void
    ) {
        commands = ControlRequestReader.commands(in: request.payload)
        actor = request.actor
        self.broker = broker
        self.finish = finish
    }

    /// Carries out the next command.
    func proceed() {
        let (next, hasRoom) = state.withLock { ($0.next, $0.answers.hasRoom) }
        guard next < commands.count else {
            return finish(state.withLock { $0.answers }.finished())
        }
        let command = commands[next]
        let definition = broker.control.command(named: command.name)
        let conclude: @Sendable (ControlCall.Outcome) -> Void = { [self] outcome in
            broker.perform { [self] in end(next, definition, outcome) }
        }
        do throws(ControlFailure) {
            if let failure = command.failure { throw failure }
            guard let definition else { throw .isUnknown }
            guard definition.isOpen || actor.isVouchedFor else { throw .anonymous }
            guard hasRoom else { throw .isTooLong }
            try definition.body(ControlCall(broker, command.arguments, by: actor, conclude))
        } catch {
            conclude(.failed(error))
        }
    }

    private func end(
        _ place: Int,
        _ definition: ControlCommand?,
        _ outcome: ControlCall.Outcome
    ) {
        let command = commands[place]
        state.withLock { state in
            precondition(state.next == place, "a command is answered once")
            state.answers.add(command, outcome)
            state.next += 1
        }
        if let definition, definition.isChange {
            let entry = AuditEntry(
                definition.name,
                command.arguments,
                by: actor,
                outcome,
                at: Clock.wallNanoseconds() / 1_000_000
            )
            if let entry { broker.control.note(entry, broker) }
        }
        proceed()
    }
}
