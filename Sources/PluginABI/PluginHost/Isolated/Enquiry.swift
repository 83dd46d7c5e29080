// SPDX-License-Identifier: Apache-2.0
// The way of one question of the core past plugins of which some run in processes of their own.

import Core
import Isolation
import MQTT
import Results

/// The way of one question of the core, other than about logins, past plugins of which some run in
/// processes of their own.
///
/// It goes on walks: one past all items of the question, or one past each, where all of them can be asked
/// at the same time. Nothing here does any I/O: `next` says what is to be done, `take` what came of it.
///
/// `@unchecked Sendable`: the question is constant; the rest is touched by the thread of its worker, or,
/// while that has handed it on, by the plugin thread.
final class Enquiry: @unchecked Sendable {
    /// What is to be done next on a walk.
    enum Step {
        /// Ask `accessCallback`.
        case access
        /// Ask somebody something else.
        case event
        /// Have the plugins of the broker's own process do what is left of the item.
        case finish
        /// Nothing: all of its items are decided.
        case done
    }

    /// Where a walk is.
    private enum Stage: UInt8, BitwiseCopyable {
        case begin, access, rest, event
    }

    private struct Walk: BitwiseCopyable {
        /// The message or filter of the question that is being decided.
        var item: Int
        /// The first one that is not on the way.
        let end: Int
        var stage = Stage.begin
        var access = AccessChain()

        init(items: Range<Int>) {
            item = items.lowerBound
            end = items.upperBound
        }
    }

    /// What most questions never need: they are about one message that everybody lets pass.
    private final class Findings {
        /// What becomes of items that somebody may change, by the walk.
        var events: [Int: EventChain] = [:]
        /// What the one that was asked last on a walk and did not allow has said.
        var reasons: [Int: String] = [:]
        var filters: [FilterDecision] = []
        var denials: [Int: Denial] = [:]
        /// The answer, if it is another one than that everything is allowed.
        var answer: HookAnswer?
        /// Who answers a request to a `$CONTROL` topic.
        var controller: Callback?
    }

    let question: HookQuestion
    let questionID: QuestionID
    let scope: CallbackSnapshot.Scope
    /// Who is asked about access; the scope has it.
    private let accessPath: Unmanaged<CallbackChain>
    /// Who alone is asked about access, if one alone is.
    private let soleAccess: Callback?
    /// Whom it is about; the question has it.
    let client: Unmanaged<ClientIdentity>
    /// Whether access to the items is asked about, and whether anything is left then; nil if it depends on
    /// the item.
    private var asksAccessToAll: Bool?
    private var hasRestOfAll: Bool?
    private var first: Walk
    private var others: [Walk] = []
    /// Walks that are under way.
    private var openCount = 1
    private var deliveries: [DeliveryDecision] = []
    private var findings: Findings?
    /// Whether the answer is known whatever else would be asked.
    private var isOver = false

    /// - Parameter isClosed: whether clients without listener are denied everything
    init(
        _ question: consuming HookQuestion,
        _ questionID: QuestionID,
        _ snapshot: CallbackSnapshot,
        isClosed: Bool
    ) {
        let question = consume question
        self.question = question
        self.questionID = questionID
        let client = question.client
        scope = snapshot.scope(client.listenerIndex)
        (accessPath, soleAccess) = scope.access
        self.client = Unmanaged.passUnretained(client)
        first = Walk(items: 0..<Self.itemCount(question))
        switch question {
        case .deliver(_, let messages): prepare(messages)
        case .access(_, let filters): prepare(filters)
        case .control(_, let message):
            let topic = message.withPublication { String(decoding: $0.topic, as: UTF8.self) }
            found.controller = snapshot.control[ExactText(topic)]
            fallthrough
        default:
            asksAccessToAll = asksAccess(0)
            hasRestOfAll = hasRest(0)
        }
        if isClosed, client.listener == nil, !client.isOwnBridge, scope.events.contains(.access) {
            denyAll()
        }
    }

    /// Who is asked about access.
    private var accessChain: CallbackChain { accessPath.takeUnretainedValue() }

    private var found: Findings {
        if let findings { return findings }
        let made = Findings()
        findings = made
        return made
    }

    private func settle(_ answer: HookAnswer) {
        found.answer = answer
        isOver = true
    }

    /// Messages on their way to a client can be asked about all at the same time, unless the plugin
    /// thread has a part in it.
    private func prepare(_ messages: [DeliveryQuestion]) {
        deliveries = Array(repeating: .allowed, count: messages.count)
        let access = messages.first?.checksAccess
        if messages.allSatisfy({ $0.checksAccess == access }) { asksAccessToAll = access }
        let rest = messages.first?.isFiltered
        if messages.allSatisfy({ $0.isFiltered == rest }) { hasRestOfAll = rest }
        if accessChain.isDirectHere, scope[.messageOut].isDirectHere { walkEach(messages.count) }
    }

    /// Access to filters likewise: what a client leaves behind is asked about before it is said that it has
    /// left.
    private func prepare(_ filters: [FilterQuestion]) {
        found.filters = filters.map { _ in .allowed(filter: nil, options: nil) }
        asksAccessToAll = asksAccess(0)
        hasRestOfAll = false
        if accessChain.isDirectHere { walkEach(filters.count) }
    }

    /// There is a walk past each item.
    private func walkEach(_ count: Int) {
        guard count > 1 else { return }
        first = Walk(items: 0..<1)
        others = (1..<count).map { Walk(items: $0..<$0 + 1) }
        openCount = count
    }

    /// Walks there are.
    var walkCount: Int { 1 + others.count }

    private subscript(_ walk: Int) -> Walk {
        @inline(__always) get { walk == 0 ? first : others[walk - 1] }
        @inline(__always) set {
            if walk == 0 { first = newValue } else { others[walk - 1] = newValue }
        }
    }

    /// The message or filter that is being decided.
    func item(_ walk: Int) -> Int { self[walk].item }

    /// What is to be done next on a walk.
    func next(_ number: Int) -> Step {
        while true {
            var walk = self[number]
            guard walk.item < walk.end, !isOver else { return .done }
            switch walk.stage {
            case .begin:
                walk.stage = asksAccessToAll ?? asksAccess(walk.item) ? .access : .rest
                walk.access = AccessChain()
                self[number] = walk
            case .access:
                if soleAccess != nil, walk.access.isFirst { return .access }
                if walk.access.next(in: accessChain) != nil { return .access }
                if let denier = walk.access.denier(in: accessChain) {
                    let code = ResultCode.accessDenied
                    conclude(number, code, Self.denial(denier, findings?.reasons[number]))
                } else {
                    walk.stage = .rest
                    self[number] = walk
                }
            case .rest:
                guard hasRestOfAll ?? hasRest(walk.item) else {
                    allow(number)
                    continue
                }
                if findings?.controller != nil { return .event }
                guard let event = restEvent, scope[event].hasIsolated else { return .finish }
                found.events[number] = EventChain(
                    event,
                    scope[event],
                    eventQuestion(event, walk.item)
                )
                walk.stage = .event
                self[number] = walk
            case .event:
                guard let chain = findings?.events[number] else {
                    preconditionFailure("put there with the stage")
                }
                if chain.next != nil { return .event }
                pass(number, chain)
            }
        }
    }

    /// Who is asked about access next.
    @inline(__always)
    func accessCallback(_ walk: Int) -> Callback {
        if let soleAccess { return soleAccess }
        guard let callback = self[walk].access.next(in: accessChain) else {
            preconditionFailure("somebody is to be asked")
        }
        return callback
    }

    /// Who is asked something else next, and what.
    func event(_ walk: Int) -> (Callback, PluginQuestion) {
        if let chain = findings?.events[walk], let callback = chain.next {
            return (callback, chain.question)
        }
        guard let controller = findings?.controller,
            case .control(let client, let message) = question
        else {
            preconditionFailure("somebody is to be asked")
        }
        return (controller, .control(client, message))
    }

    /// A walk is done; the answer if all are.
    func end() -> HookAnswer? {
        openCount -= 1
        assert(openCount >= 0, "each walk ends once")
        return openCount == 0 ? findings?.answer ?? collected : nil
    }

    private static func denial(_ callback: Callback, _ reason: String?) -> Denial {
        Denial(
            plugin: callback.plugin.displayName,
            reason: reason,
            code: ResultCode.accessDenied
        )
    }

    /// Takes the answer of the one that was to be asked something else than about access.
    ///
    /// - Parameter change: what it has made of what it was shown
    func take(_ walk: Int, _ given: Answer, _ change: EventChain.Change = .none) {
        guard var chain = findings?.events[walk], let callback = chain.next else {
            assert(findings?.controller != nil, "somebody was asked")
            return settle(
                .control(
                    given.isFailure
                        ? .unhandled : .handled(code: given.code, reasonString: given.reasonString)
                )
            )
        }
        if given.code != ResultCode.success {
            stop(walk, given, callback)
        } else if case .invalid = change {
            stop(walk, nil, callback)
        } else {
            chain.pass(change)
            found.events[walk] = chain
        }
    }

    /// Takes an answer about access; whether it has denied it.
    func takeAccess(_ number: Int, _ code: CInt, _ reason: String?) -> Bool {
        var walk = self[number]
        if code == ResultCode.success, soleAccess != nil {
            // The answer almost all questions have.
            walk.stage = .rest
            self[number] = walk
            return false
        }
        assert(walk.stage == .access, "somebody was asked about access")
        if code != ResultCode.success, reason != nil || findings != nil {
            found.reasons[number] = reason
        }
        let callback = accessCallback(number)
        let decided = walk.access.take(code, in: accessChain)
        if decided == ResultCode.success { walk.stage = .rest }
        self[number] = walk
        guard let decided, decided != ResultCode.success else { return false }
        let name = callback.plugin.displayName
        conclude(number, decided, Denial(plugin: name, reason: reason, code: decided))
        return true
    }

    /// Takes what the plugins of the broker's own process have answered about a part of the question that
    /// has one item.
    func take(_ walk: Int, rest: HookAnswer) {
        switch rest {
        case .filters(let decisions, let code?, _):
            assert(decisions.isEmpty, "one filter was asked about")
            settle(.filters(found.filters, disconnectCode: code, denials: found.denials))
        case .filters(let decisions, nil, let more):
            for (place, denial) in more { found.denials[found.filters.count + place] = denial }
            found.filters += decisions
        case .deliver(let decisions):
            if let decision = decisions.first { deliveries[self[walk].item] = decision }
        default: settle(rest)
        }
        goOn(walk)
    }

    private func goOn(_ number: Int) {
        var walk = self[number]
        if let findings {
            if !findings.events.isEmpty { findings.events[number] = nil }
            if !findings.reasons.isEmpty { findings.reasons[number] = nil }
        }
        walk.item += 1
        walk.stage = .begin
        self[number] = walk
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

    private static func itemCount(_ question: HookQuestion) -> Int {
        switch question {
        case .deliver(_, let messages): messages.count
        case .subscribe(_, let filters), .unsubscribe(_, let filters), .access(_, let filters):
            filters.count
        default: 1
        }
    }

    private func asksAccess(_ item: Int) -> Bool {
        switch question {
        case .publish(_, _, let checksAccess, _): checksAccess
        case .deliver(_, let messages): messages[item].checksAccess
        default: scope.events.contains(.access) && !question.client.isOwnBridge
        }
    }

    private func hasRest(_ item: Int) -> Bool {
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
    private func eventQuestion(_ event: PluginEvent, _ item: Int) -> PluginQuestion {
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
    private func pass(_ walk: Int, _ chain: EventChain) {
        let item = self[walk].item
        switch (question, chain.question) {
        case (.publish, .message(_, _, let message, _, _)):
            settle(.publish(.accepted(replacement: chain.isChanged ? message : nil)))
        case (.deliver, .message(_, _, let message, let qos, let isRetained)):
            if chain.isChanged {
                deliveries[item] = .replaced(message, qos: qos, isRetained: isRetained)
            }
        case (.subscribe(_, let asked), .subscription(_, _, let filter)),
            (.unsubscribe(_, let asked), .subscription(_, _, let filter)):
            let original = asked[item]
            found.filters.append(
                .allowed(
                    filter: filter.filter == original.filter ? nil : filter.filter,
                    options: filter.options == original.options ? nil : filter.options
                )
            )
        default: preconditionFailure("each event is asked about with its question")
        }
        goOn(walk)
    }

    /// Somebody does not let an item pass, or with nil has made something impossible of it.
    private func stop(_ walk: Int, _ given: Answer?, _ callback: Callback) {
        let code = given?.code ?? ResultCode.unknown
        let isError = given?.isFailure ?? true
        let name = callback.plugin.displayName
        let denial = Denial(plugin: name, reason: given?.reason, code: code)
        switch question {
        case .publish:
            let decision: PublishDecision =
                isError ? .refused(.implementationSpecificError) : PluginHost.refusal(code)
            if case .refused = decision {
                settle(.publish(decision, denial: given == nil ? nil : denial))
            } else {
                settle(.publish(decision))
            }
        case .deliver: deliveries[self[walk].item] = .denied
        default:
            if isError {
                found.denials[found.filters.count] = denial
                found.filters.append(.denied)
            } else {
                settle(.filters(found.filters, disconnectCode: code, denials: found.denials))
            }
        }
        goOn(walk)
    }

    private func allow(_ walk: Int) {
        switch question {
        case .publish, .publishStored, .deliver, .access: break
        default: found.filters.append(.allowed(filter: nil, options: nil))
        }
        goOn(walk)
    }

    /// Access to the item is denied.
    private func conclude(_ walk: Int, _ code: CInt, _ denial: Denial) {
        let isDenied = code == ResultCode.accessDenied
        switch question {
        case .publish:
            settle(
                isDenied
                    ? .publish(.refused(.notAuthorized), denial: denial)
                    : .publish(.disconnect(code: code))
            )
        case .publishStored: settle(.publishStored(isAllowed: false))
        case .control: settle(.control(.refused(code: code), denial: denial))
        case .deliver: deliveries[self[walk].item] = .denied
        case .subscribe, .unsubscribe:
            if isDenied {
                found.denials[found.filters.count] = denial
                found.filters.append(.denied)
            } else {
                settle(.filters(found.filters, disconnectCode: code, denials: found.denials))
            }
        default: found.filters[self[walk].item] = .denied
        }
        goOn(walk)
    }

    /// Clients without listener, where each listener has plugins of its own.
    private func denyAll() {
        switch question {
        case .publish(_, _, false, _): break
        case .publish: settle(.publish(.refused(.notAuthorized)))
        case .publishStored: settle(.publishStored(isAllowed: false))
        case .control: settle(.control(.refused(code: ResultCode.accessDenied)))
        case .deliver(_, let messages) where messages.contains { !$0.checksAccess }: break
        case .deliver(_, let messages):
            settle(.deliver(messages.map { _ in .denied }))
        default:
            let decisions = (0..<Self.itemCount(question)).map { _ in FilterDecision.denied }
            settle(.filters(decisions, disconnectCode: nil))
        }
    }

    private var collected: HookAnswer {
        switch question {
        case .publish: .publish(.accepted(replacement: nil))
        case .publishStored: .publishStored(isAllowed: true)
        case .deliver: .deliver(deliveries)
        case .subscribe, .unsubscribe:
            .filters(found.filters, disconnectCode: nil, denials: found.denials)
        default: .filters(found.filters, disconnectCode: nil)
        }
    }
}
