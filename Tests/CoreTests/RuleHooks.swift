// SPDX-License-Identifier: Apache-2.0
// A plugin that decides about access at once, or when it is told to, by a rule.

import MQTT

@testable import Core

/// Denies clients what `isDenied` says; used from one thread alone, hence `@unchecked Sendable`.
final class RuleHooks: QuietHooks, @unchecked Sendable {
    private let isDirect: Bool
    /// Who may not do what.
    var isDenied: (AccessKind, _ clientIdentifier: String) -> Bool = { _, _ in false }
    /// Whether questions about what clients publish wait for `answer`.
    var isLate = false
    private var waiting: [(question: HookQuestion, questionID: QuestionID)] = []

    /// `isDirect`: decides on the reactor.
    init(isDirect: Bool) { self.isDirect = isDirect }

    var waitingCount: Int { waiting.count }

    /// Answers what waits.
    func answer(through broker: Broker) {
        let questions = waiting
        waiting = []
        for (question, questionID) in questions {
            broker.answer([(questionID, answer(question))], worker: questionID.worker)
        }
    }

    func events(on listener: Int?) -> HookEvents {
        isDirect ? [.access, .accessIsDirect] : .access
    }

    func checkAccess(
        _ kind: AccessKind,
        _ client: ClientIdentity,
        _ publication: borrowing UnsafePublication
    ) -> Int32 { isDenied(kind, client.clientIdentifier) ? 12 : 0 }

    func ask(_ question: HookQuestion, by questionID: QuestionID) -> HookAnswer? {
        if isLate, case .publishStored = question {
            waiting.append((question, questionID))
            return nil
        }
        return answer(question)
    }

    private func answer(_ question: HookQuestion) -> HookAnswer {
        switch question {
        case .publish(let client, _, _, _):
            .publish(
                isDenied(.write, client.clientIdentifier)
                    ? .refused(.notAuthorized) : .accepted(replacement: nil)
            )
        case .deliver(let client, let deliveries):
            .deliver(
                deliveries.map { _ in
                    isDenied(.read, client.clientIdentifier) ? .denied : .allowed
                }
            )
        case .publishStored(let client, _):
            .publishStored(isAllowed: !isDenied(.write, client.clientIdentifier))
        default: allowance(for: question)
        }
    }
}
