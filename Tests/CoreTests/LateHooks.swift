// SPDX-License-Identifier: Apache-2.0
// Plugins that take their time and change what they are asked about.

import MQTT

@testable import Core

/// Keeps every question until the script has it answered, or answers at once.
///
/// Clients whose name begins with "honest" are refused nothing. Used from one thread alone, hence
/// `@unchecked Sendable`.
final class LateHooks: Hooks, @unchecked Sendable {
    private let wanted: HookEvents
    private var dice: Dice
    /// By worker, in the order they were asked in.
    private var waiting: [Int: [(question: HookQuestion, questionID: QuestionID)]] = [:]

    init(_ wanted: HookEvents, _ dice: Dice) {
        self.wanted = wanted
        self.dice = dice
    }

    var waitingCount: Int { waiting.values.reduce(0) { $0 + $1.count } }

    func events(on listener: Int?) -> HookEvents { wanted }

    /// Whether nothing at all is answered at once.
    var isBehind = false

    func checkAccess(
        _ kind: AccessKind,
        _ client: ClientIdentity,
        _ publication: borrowing UnsafePublication
    ) -> Int32 { 0 }

    func ask(_ question: HookQuestion, by questionID: QuestionID) -> HookAnswer? {
        if !isBehind, waiting[questionID.worker, default: []].isEmpty, dice.isOne(in: 4) {
            return answer(question)
        }
        waiting[questionID.worker, default: []].append((question, questionID))
        return nil
    }

    func forget(_ questionID: QuestionID) {
        waiting[questionID.worker]?.removeAll { $0.questionID == questionID }
    }

    func text(of code: Int32) -> String { "code \(code)" }
    func connected(_ client: ClientIdentity, by worker: Int) {}
    func disconnected(_ client: ClientIdentity, code: Int32, isOffline: Bool, by worker: Int) {}
    func forgetSecurity(of client: ClientIdentity, by worker: Int) { client.forgetSecurity() }
    func threadIsEnding() {}

    /// Answers up to `count` questions of each worker, the oldest first.
    func answer(_ count: Int, through broker: Core.Broker) {
        for worker in waiting.keys.sorted() {
            guard let questions = waiting[worker]?.prefix(count), !questions.isEmpty else {
                continue
            }
            waiting[worker]?.removeFirst(questions.count)
            broker.answer(
                questions.map { ($0.questionID, answer($0.question)) },
                worker: worker
            )
        }
    }

    private func answer(_ question: HookQuestion) -> HookAnswer {
        switch question {
        case .authenticate(let client, _), .confirm(let client):
            return .authentication(code: !isHonest(client) && dice.isOne(in: 8) ? 11 : 0)
        case .beginExchange, .continueExchange: return .exchange(code: 0, data: nil)
        case .publish(let client, let message, _, _):
            return .publish(isHonest(client) ? .accepted(replacement: nil) : decision(message))
        case .control: return .control(.unhandled)
        case .subscribe(let client, let filters), .unsubscribe(let client, let filters),
            .access(let client, let filters):
            return .filters(
                filters.map { _ in
                    !isHonest(client) && dice.isOne(in: 6)
                        ? .denied : .allowed(filter: nil, options: nil)
                },
                disconnectCode: !isHonest(client) && dice.isOne(in: 16) ? 5 : nil
            )
        case .deliver(let client, let deliveries):
            return .deliver(deliveries.map { isHonest(client) ? .allowed : decision($0) })
        case .publishStored(let client, _):
            return .publishStored(isAllowed: isHonest(client) || !dice.isOne(in: 4))
        }
    }

    private func isHonest(_ client: ClientIdentity) -> Bool {
        client.clientIdentifier.hasPrefix("honest")
    }

    private func decision(_ message: Message) -> PublishDecision {
        switch dice.roll(8) {
        case 0: .refused(.notAuthorized)
        case 1: .disconnect(code: 5)
        case 2, 3: .accepted(replacement: other(message))
        default: .accepted(replacement: nil)
        }
    }

    private func decision(_ question: DeliveryQuestion) -> DeliveryDecision {
        switch dice.roll(6) {
        case 0: .denied
        case 1:
            .replaced(
                other(question.message),
                qos: UInt8(dice.roll(Int(question.qos) + 1)),
                isRetained: dice.isOne(in: 2)
            )
        default: .allowed
        }
    }

    /// A message with the same origin and something else in it.
    private func other(_ message: Message) -> Message {
        let topic = Array("some/\(dice.roll(4))".utf8)
        let payload = [UInt8](repeating: 0x2A, count: dice.pick([0, 1, 200, 20_000]))
        return topic.withUnsafeBytes { topic in
            payload.withUnsafeBytes { payload in
                Message.make(
                    UnsafePublication(
                        topic: topic,
                        properties: UnsafeRawBufferPointer(start: nil, count: 0),
                        payload: payload,
                        qos: message.qos,
                        isRetained: message.isRetained,
                        expiresAt: message.expiresAt,
                        origin: message.origin
                    )
                )
            }
        }
    }
}
