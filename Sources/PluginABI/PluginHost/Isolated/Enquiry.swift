// SPDX-License-Identifier: Apache-2.0
// The way of one question of the core past plugins of which some run in processes of their own.

import Core
import Isolation
import MQTT
import Results

/// The way of one question of the core, other than about logins, past plugins of which some run in
/// processes of their own.
///
/// A value without I/O: `next` says what is to be done, `take` and `skip` what came of it.
struct Enquiry: Sendable {
    /// What is to be done next.
    enum Step: Sendable {
        /// Ask somebody.
        case ask(Callback, PluginQuestion)
        /// Have the plugins of the broker's own process do what is left of the item.
        case finish(Int)
        /// Nothing: this is the answer.
        case done(HookAnswer)
    }

    /// Where an item is.
    private enum Stage: Sendable {
        case begin
        case access(AccessChain)
        case rest
        case event(EventChain)
    }

    let question: HookQuestion
    let questionID: QuestionID
    let scope: CallbackSnapshot.Scope
    /// Who answers a request to a `$CONTROL` topic.
    private let controller: Callback?
    private let hasAccess: Bool
    /// The message or filter of the question that is being decided.
    private var item = 0
    private var stage = Stage.begin
    private var filters: [FilterDecision] = []
    private var denials: [Int: Denial] = [:]
    private var deliveries: [DeliveryDecision] = []
    private var answer: HookAnswer?
    /// What the one that was asked last and did not allow has said.
    private var lastReason: String?

    /// - Parameter isClosed: whether clients without listener are denied everything
    init(
        _ question: HookQuestion,
        _ questionID: QuestionID,
        _ snapshot: CallbackSnapshot,
        isClosed: Bool
    ) {
        self.question = question
        self.questionID = questionID
        scope = snapshot.scope(question.client.listenerIndex)
        if case .control(_, let message) = question {
            let topic = message.withPublication { String(decoding: $0.topic, as: UTF8.self) }
            controller = snapshot.control[ExactText(topic)]
        } else {
            controller = nil
        }
        hasAccess = scope.events.contains(.access)
        if isClosed, question.client.listener == nil, hasAccess { denyAll() }
    }

    /// What is to be done next.
    mutating func next() -> Step {
        while true {
            if let answer { return .done(answer) }
            guard item < itemCount else { return .done(collected) }
            switch stage {
            case .begin: stage = asksAccess ? .access(AccessChain(scope[.aclCheck])) : .rest
            case .access(let chain):
                if let callback = chain.next { return .ask(callback, accessQuestion) }
                guard let denier = chain.denier else {
                    stage = .rest
                    continue
                }
                let reason = lastReason
                conclude(ResultCode.accessDenied, Self.denial(denier, reason))
            case .rest:
                guard hasRest else {
                    allow()
                    continue
                }
                if let controller { return .ask(controller, accessQuestion) }
                guard let event = restEvent, scope[event].hasIsolated else { return .finish(item) }
                stage = .event(EventChain(event, scope[event], eventQuestion(event)))
            case .event(let chain):
                if let callback = chain.next { return .ask(callback, chain.question) }
                pass(chain)
            }
        }
    }

    private static func denial(_ callback: Callback, _ reason: String?) -> Denial {
        Denial(
            plugin: callback.plugin.displayName,
            reason: reason,
            code: ResultCode.accessDenied
        )
    }

    /// Takes the answer of the one that was to be asked; whether it has denied access.
    ///
    /// - Parameter change: what it has made of what it was shown
    mutating func take(_ given: Answer, _ change: EventChain.Change = .none) -> Bool {
        let (code, reason) = (given.code, given.reason)
        switch stage {
        case .access(var chain):
            guard let callback = chain.next else { preconditionFailure("somebody was asked") }
            if code != ResultCode.success { lastReason = reason }
            guard let decided = chain.take(code) else {
                stage = .access(chain)
                return false
            }
            guard decided != ResultCode.success else {
                stage = .rest
                return false
            }
            let name = callback.plugin.displayName
            conclude(decided, Denial(plugin: name, reason: reason, code: decided))
            return true
        case .rest:
            answer = .control(
                given.isFailure
                    ? .unhandled : .handled(code: code, reasonString: given.reasonString)
            )
            return false
        case .event(var chain):
            guard let callback = chain.next else { preconditionFailure("somebody was asked") }
            if code != ResultCode.success {
                stop(given, callback)
            } else if case .invalid = change {
                stop(nil, callback)
            } else {
                chain.pass(change)
                stage = .event(chain)
            }
            return false
        case .begin: preconditionFailure("nobody was asked")
        }
    }

    /// Takes what the plugins of the broker's own process have answered about a part of the question that
    /// has one item.
    mutating func take(rest: HookAnswer) {
        switch rest {
        case .filters(let decisions, let code?, _):
            assert(decisions.isEmpty, "one filter was asked about")
            answer = .filters(filters, disconnectCode: code, denials: denials)
        case .filters(let decisions, nil, let more):
            for (place, denial) in more { denials[filters.count + place] = denial }
            filters += decisions
        case .deliver(let decisions): deliveries += decisions
        default: answer = rest
        }
        item += 1
        stage = .begin
    }

    /// The part of the question that plugins of the broker's own process are asked about once access is
    /// granted.
    func rest(of item: Int) -> HookQuestion {
        switch question {
        case .publish(let client, let message, _, let isFiltered):
            return .publish(client, message, checksAccess: false, isFiltered: isFiltered)
        case .deliver(let client, let messages):
            let message = messages[item]
            let rest = DeliveryQuestion(
                message: message.message,
                qos: message.qos,
                isRetained: message.isRetained,
                checksAccess: false,
                isFiltered: message.isFiltered
            )
            return .deliver(client, [rest])
        case .subscribe(let client, let filters): return .subscribe(client, [filters[item]])
        case .unsubscribe(let client, let filters): return .unsubscribe(client, [filters[item]])
        default: return question
        }
    }

    /// The event whose plugins do the rest.
    var restEvent: PluginEvent? {
        switch question {
        case .publish: .messageIn
        case .deliver: .messageOut
        case .subscribe: .subscribe
        case .unsubscribe: .unsubscribe
        default: nil
        }
    }

    // MARK: Items

    private var itemCount: Int {
        switch question {
        case .deliver(_, let messages): messages.count
        case .subscribe(_, let filters), .unsubscribe(_, let filters), .access(_, let filters):
            filters.count
        default: 1
        }
    }

    private var asksAccess: Bool {
        switch question {
        case .publish(_, _, let checksAccess, _): checksAccess
        case .deliver(_, let messages): messages[item].checksAccess
        default: hasAccess
        }
    }

    private var hasRest: Bool {
        switch question {
        case .publish(_, _, _, let isFiltered): isFiltered
        case .deliver(_, let messages): messages[item].isFiltered
        case .subscribe: !scope[.subscribe].isEmpty
        case .unsubscribe: !scope[.unsubscribe].isEmpty
        case .control: true
        default: false
        }
    }

    /// What plugins are asked about an item once access is granted.
    private func eventQuestion(_ event: PluginEvent) -> PluginQuestion {
        switch question {
        case .publish(let client, let message, _, _):
            let (qos, isRetained) = message.withPublication { ($0.qos, $0.isRetained) }
            return .message(client, event, message, qos: qos, isRetained: isRetained)
        case .deliver(let client, let messages):
            let message = messages[item]
            return .message(
                client,
                event,
                message.message,
                qos: message.qos,
                isRetained: message.isRetained
            )
        case .subscribe(let client, let filters), .unsubscribe(let client, let filters):
            return .subscription(client, event, filters[item])
        default: preconditionFailure("nothing is raised about the others")
        }
    }

    /// All have let an item pass.
    private mutating func pass(_ chain: EventChain) {
        switch (question, chain.question) {
        case (.publish, .message(_, _, let message, _, _)):
            answer = .publish(.accepted(replacement: chain.isChanged ? message : nil))
        case (.deliver, .message(_, _, let message, let qos, let isRetained)):
            deliveries.append(
                chain.isChanged
                    ? .replaced(message, qos: qos, isRetained: isRetained) : .allowed
            )
        case (.subscribe(_, let asked), .subscription(_, _, let filter)),
            (.unsubscribe(_, let asked), .subscription(_, _, let filter)):
            let original = asked[item]
            filters.append(
                .allowed(
                    filter: filter.filter == original.filter ? nil : filter.filter,
                    options: filter.options == original.options ? nil : filter.options
                )
            )
        default: preconditionFailure("each event is asked about with its question")
        }
        item += 1
        stage = .begin
    }

    /// Somebody does not let an item pass, or with nil has made something impossible of it.
    private mutating func stop(_ given: Answer?, _ callback: Callback) {
        let code = given?.code ?? ResultCode.unknown
        let isError = given?.isFailure ?? true
        let name = callback.plugin.displayName
        let denial = Denial(plugin: name, reason: given?.reason, code: code)
        switch question {
        case .publish:
            let decision: PublishDecision =
                isError ? .refused(.implementationSpecificError) : PluginHost.refusal(code)
            if case .refused = decision {
                answer = .publish(decision, denial: given == nil ? nil : denial)
            } else {
                answer = .publish(decision)
            }
        case .deliver: deliveries.append(.denied)
        default:
            if isError {
                denials[filters.count] = denial
                filters.append(.denied)
            } else {
                answer = .filters(filters, disconnectCode: code, denials: denials)
            }
        }
        item += 1
        stage = .begin
    }

    /// What the one is asked that is next.
    private var accessQuestion: PluginQuestion {
        switch question {
        case .publish(let client, let message, _, _), .publishStored(let client, let message):
            return .access(client, .write, message)
        case .control(let client, let message):
            if case .rest = stage { return .control(client, message) }
            return .access(client, .write, message)
        case .deliver(let client, let messages):
            return .access(client, .read, messages[item].message)
        case .subscribe(let client, let filters), .access(let client, let filters):
            let filter = filters[item]
            return .filter(client, .subscribe, filter.filter, qos: filter.options & 3)
        case .unsubscribe(let client, let filters):
            return .filter(client, .unsubscribe, filters[item].filter, qos: 0)
        case .authenticate, .confirm, .beginExchange, .continueExchange:
            preconditionFailure("logins have a way of their own")
        }
    }

    private mutating func allow() {
        switch question {
        case .publish: answer = .publish(.accepted(replacement: nil))
        case .publishStored: answer = .publishStored(isAllowed: true)
        case .deliver: deliveries.append(.allowed)
        default: filters.append(.allowed(filter: nil, options: nil))
        }
        item += 1
        stage = .begin
    }

    /// Access to the item is denied.
    private mutating func conclude(_ code: CInt, _ denial: Denial) {
        let isDenied = code == ResultCode.accessDenied
        switch question {
        case .publish:
            answer =
                isDenied
                ? .publish(.refused(.notAuthorized), denial: denial)
                : .publish(.disconnect(code: code))
        case .publishStored: answer = .publishStored(isAllowed: false)
        case .control: answer = .control(.refused(code: code), denial: denial)
        case .deliver: deliveries.append(.denied)
        case .subscribe, .unsubscribe:
            if isDenied {
                denials[filters.count] = denial
                filters.append(.denied)
            } else {
                answer = .filters(filters, disconnectCode: code, denials: denials)
            }
        default: filters.append(.denied)
        }
        item += 1
        stage = .begin
        lastReason = nil
    }

    /// Clients without listener, where each listener has plugins of its own.
    private mutating func denyAll() {
        switch question {
        case .publish(_, _, false, _): break
        case .publish: answer = .publish(.refused(.notAuthorized))
        case .publishStored: answer = .publishStored(isAllowed: false)
        case .control: answer = .control(.refused(code: ResultCode.accessDenied))
        case .deliver(_, let messages) where messages.contains { !$0.checksAccess }: break
        case .deliver(_, let messages):
            answer = .deliver(messages.map { _ in .denied })
        default:
            let decisions = (0..<itemCount).map { _ in FilterDecision.denied }
            answer = .filters(decisions, disconnectCode: nil)
        }
    }

    private var collected: HookAnswer {
        switch question {
        case .deliver: .deliver(deliveries)
        case .subscribe, .unsubscribe:
            .filters(filters, disconnectCode: nil, denials: denials)
        default: .filters(filters, disconnectCode: nil)
        }
    }
}
