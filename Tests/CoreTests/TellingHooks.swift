// SPDX-License-Identifier: Apache-2.0
// Plugins that are told what has to outlive the broker, and say so when the test lets them.

import Inflight

@testable import Core

/// Notes the steps of messages that it is told, at once or when `tellAll` is called.
///
/// Used from one thread alone, hence `@unchecked Sendable`.
final class TellingHooks: QuietHooks, @unchecked Sendable {
    /// A step, with the client whose message it is.
    struct Step: Equatable {
        let kind: ChangeStep.Kind
        let client: String?
        let message: MessageNumber
    }

    let tellsAtOnce: Bool
    let keepsState = true
    private(set) var steps: [Step] = []
    private var waiting: [(changes: ChangeList, worker: Int, number: UInt64)] = []

    init(atOnce: Bool) { tellsAtOnce = atOnce }

    func events(on listener: Int?) -> HookEvents { [] }
    func ask(_ question: HookQuestion, by questionID: QuestionID) -> HookAnswer? {
        allowance(for: question)
    }

    func tell(_ changes: ChangeList, of worker: Int, _ number: UInt64) -> Bool {
        guard !tellsAtOnce else {
            note(changes)
            return true
        }
        waiting.append((changes, worker, number))
        return false
    }

    /// Tells what waits; returns whether there was something.
    func tellAll(_ broker: Core.Broker) -> Bool {
        guard !waiting.isEmpty else { return false }
        let batch = waiting
        waiting = []
        for (changes, worker, number) in batch {
            note(changes)
            broker.workers[worker].post { $0.noteTold(number) }
        }
        return true
    }

    private func note(_ changes: ChangeList) {
        for step in changes.steps where step.kind != .other {
            let client = step.client?._withUnsafeGuaranteedRef { $0.clientIdentifier }
            steps.append(Step(kind: step.kind, client: client, message: step.delivery.message))
        }
    }
}
