// SPDX-License-Identifier: Apache-2.0
// `$CONTROL/broker/v1`: what the broker can be asked, and told to do.

import Log
import Synchronization

/// The control API of the broker: the table of its commands, and requests on their way.
///
/// Requests are carried out on threads that no client waits for; what has to be looked at on reactors
/// is looked at in slices of their turns.
package final class ControlAPI: Sendable {
    /// The topic of requests.
    package static let topic = "$CONTROL/broker/v1"
    static let responseTopic = topic + "/response"

    private struct State {
        /// By name in lower case.
        var table: [String: ControlCommand] = [:]
        var queue = ControlQueue()
    }

    private let state = Mutex(State())
    /// What was changed by whom.
    package let audit = AuditFile()
    /// What getOverview has seen lately.
    let rates = Mutex(RateWindow())

    init() { add(ControlCommand.core) }

    /// Has more commands answered; before anybody asks.
    package func add(_ commands: [ControlCommand]) {
        state.withLock { state in
            for command in commands {
                let before = state.table.updateValue(command, forKey: command.name.lowercased())
                assert(before == nil, "\(command.name) is in the table once")
            }
        }
    }

    /// The command of that name, in any case.
    func command(named name: String) -> ControlCommand? {
        let key = name.lowercased()
        return state.withLock { $0.table[key] }
    }

    /// The names of all commands.
    package var commandNames: [String] {
        state.withLock { $0.table.values.map(\.name) }.sorted()
    }

    /// Takes a request, to be answered later; never waits.
    package func take(_ payload: [UInt8], from actor: ControlActor, of broker: Broker) {
        let request = ControlQueue.Request(payload: payload, actor: actor)
        guard state.withLock({ $0.queue.add(request) }) else {
            var answers = ControlAnswers()
            answers.add(RequestedCommand(name: "Unknown command"), .failed(.isBusy))
            return publish(answers.finished(), broker)
        }
        beginNext(broker)
    }

    private func beginNext(_ broker: Broker) {
        while let request = state.withLock({ $0.queue.next() }) {
            broker.perform { [self] in
                let run = ControlRun(request, broker) { [self] answers in
                    publish(answers, broker)
                    state.withLock { $0.queue.end(request) }
                    beginNext(broker)
                }
                run.proceed()
            }
        }
    }

    private func publish(_ payload: [UInt8], _ broker: Broker) {
        broker.publish(
            PluginPublication(
                topic: Array(Self.responseTopic.utf8),
                payload: payload,
                qos: 0,
                isRetained: false
            )
        )
    }

    /// Writes down what was done, or was not to be done.
    func note(_ entry: AuditEntry, _ broker: Broker) {
        broker.log.notice(entry.logText, entry.logFields)
        if let complaint = audit.write(entry.line) { broker.log.error(complaint) }
    }
}
