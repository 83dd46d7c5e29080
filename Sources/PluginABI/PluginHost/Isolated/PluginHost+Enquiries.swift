// SPDX-License-Identifier: Apache-2.0
// Questions of the core that plugins in processes of their own are asked about.

import CMosquitto
package import Core
import Glibc
import Isolation
import Log
import MQTT
import Results

extension PluginHost {
    package var hasHelpers: Bool { helpers != nil }

    package func flush(worker: Int) { helpers?.desks[worker].flush() }

    /// Asks a plugin in a process of its own.
    ///
    /// - Parameter ring: that of the worker which gets the answer
    /// - Returns: the answer if there is one at once, because the plugin cannot be asked
    func ask(_ asked: Asked, ring: Int, at place: CallingPlace) -> Answer? {
        guard let isolated = asked.callback.plugin.isolated, let helpers else {
            preconditionFailure("who is in the broker's own process is called")
        }
        if place == .reactor { helpers.desks[ring].touch(isolated) }
        return isolated.ask(asked, ring: ring, isFlushed: place == .reactor)
    }

    /// Begins a question of the core on the reactor that asks.
    func enquire(
        _ question: HookQuestion,
        _ questionID: QuestionID,
        _ snapshot: CallbackSnapshot,
        _ helpers: Helpers
    ) -> HookAnswer? {
        if question.isLogin { return answer(question, questionID, snapshot, at: .reactor) }
        let desk = helpers.desks[questionID.worker]
        desk.order.enter(questionID)
        let enquiry = Enquiry(question, questionID, snapshot, isClosed: isPerListener)
        guard let answer = drive(enquiry, at: .reactor) else { return nil }
        // Those before it have not been answered, or it is the only one.
        let released = desk.order.settle(questionID, answer)
        assert(released.count <= 1, "only the last one was entered")
        return released.first?.answer
    }

    /// Goes on with a question; nil while somebody has yet to answer.
    private func drive(_ enquiry: Enquiry, at place: CallingPlace) -> HookAnswer? {
        var enquiry = enquiry
        while true {
            switch enquiry.next() {
            case .done(let answer): return answer
            case .ask(let callback, let question):
                var answer: Answer
                var change = EventChain.Change.none
                if callback.plugin.isolated != nil {
                    let asked = Asked(callback, question, .enquiry(enquiry))
                    guard
                        let failure = ask(asked, ring: enquiry.questionID.worker, at: place)
                    else { return nil }
                    answer = failure
                } else {
                    guard place.allows(callback) else { return driveLater(enquiry) }
                    (answer, change) = ask(callback, question)
                }
                take(answer, change, of: callback, question, in: &enquiry)
            case .finish(let item):
                guard place == .pluginThread || enquiry.isRestDirect else {
                    return driveLater(enquiry)
                }
                enquiry.take(rest: answerRest(enquiry, item))
            }
        }
    }

    /// Goes on on the plugin thread.
    private func driveLater(_ enquiry: Enquiry) -> HookAnswer? {
        lane.enqueue(
            .job { [self] in
                guard let answer = drive(enquiry, at: .pluginThread), let helpers else { return }
                let questionID = enquiry.questionID
                let desk = helpers.desks[questionID.worker]
                broker.answer(worker: questionID.worker) { desk.order.settle(questionID, answer) }
            }
        )
        return nil
    }

    private func take(
        _ answer: Answer,
        _ change: EventChain.Change,
        of callback: Callback,
        _ question: PluginQuestion,
        in enquiry: inout Enquiry
    ) {
        guard enquiry.take(answer, change), log.isEnabled(.debug), let client = question.client
        else {
            return
        }
        let (kind, topic) = question.access
        logDenial(callback.plugin, client, kind, topic, answer.code)
    }

    /// Asks a callback of the broker's own process, where it may be called.
    private func ask(
        _ callback: Callback,
        _ question: PluginQuestion
    ) -> (Answer, EventChain.Change) {
        switch question {
        case .message(let client, _, let message, let qos, let isRetained):
            let (code, result, newQoS, newRetained) = EventCall.message(
                callback,
                ClientRecord.handle(of: client),
                message,
                qos: qos,
                isRetained: isRetained,
                watch
            )
            var answer = Answer(code: code)
            if code != ResultCode.success {
                answer.reason = Refusals.takeReason(of: callback.plugin)
            }
            switch result {
            case .unchanged: return (answer, .none)
            case .replaced(let message):
                return (answer, .message(message, qos: newQoS, isRetained: newRetained))
            case .invalidTopic: return (answer, invalidTopic(client))
            }
        case .subscription(let client, _, let asked):
            let handle = ClientRecord.handle(of: client)
            let (code, filter, options) = EventCall.filter(callback, handle, asked, watch)
            let change =
                code == ResultCode.success
                ? change(asked, filter, options, client) : EventChain.Change.none
            return (Answer(code: code), change)
        default: return (question.ask(callback, watch), .none)
        }
    }

    private func invalidTopic(_ client: ClientIdentity) -> EventChain.Change {
        log.error(
            "Error: A plugin gave a message of, or to, \(client.logName) an invalid topic: dropped."
        )
        return .invalid
    }

    private func change(
        _ asked: FilterQuestion,
        _ filter: [UInt8],
        _ options: UInt8,
        _ client: ClientIdentity
    ) -> EventChain.Change {
        switch decision(asked, filter, options, client) {
        case .denied: .invalid
        case .allowed(nil, nil): .none
        case .allowed(let filter, let options):
            .filter(filter ?? asked.filter, options: options ?? asked.options)
        }
    }

    /// What the edit of a plugin in another process comes to: nothing of it is believed.
    private func change(_ edit: Edit?, to question: PluginQuestion) -> EventChain.Change {
        switch (edit, question) {
        case (
            .message(let topic, let payload, let properties, let qos, let isRetained, let end),
            .message(let client, _, let original, _, _)
        ):
            guard isValidTopicName(topic), qos <= 2, end >= 0 else { return invalidTopic(client) }
            let message = UnsafePublication.with(
                topic: topic,
                properties: PropertyBridge.checked(properties),
                payload: payload,
                qos: qos,
                isRetained: isRetained,
                expiresAt: end == .max ? original.expiresAt : end,
                origin: original.origin,
                Message.make
            )
            return .message(message, qos: qos, isRetained: isRetained)
        case (.invalidTopic, .message(let client, _, _, _, _)): return invalidTopic(client)
        case (.filter(let filter, let options), .subscription(let client, _, let asked)):
            return change(asked, filter, options, client)
        default: return .none
        }
    }

    /// What the plugins of the broker's own process say about the rest of an item.
    private func answerRest(_ enquiry: Enquiry, _ item: Int) -> HookAnswer {
        let scope = enquiry.scope
        let rest = enquiry.rest(of: item)
        switch rest {
        case .subscribe(let client, let filters):
            return decide(.subscribe, client, filters, scope, checksAccess: false)
        case .unsubscribe(let client, let filters):
            return decide(.unsubscribe, client, filters, scope, checksAccess: false)
        case .control(let client, let message):
            return handleControl(client, message, MarshalledMessage(message), registry.current)
        case .publish(let client, let message, _, let isFiltered):
            let decision = publish(
                client,
                message,
                checksAccess: false,
                isFiltered: isFiltered,
                scope
            )
            if case .refused = decision { return .publish(decision, denial: takeDenial()) }
            return .publish(decision)
        case .deliver(let client, let messages):
            return .deliver(deliver(client, messages, scope))
        default: preconditionFailure("nothing is left of the others")
        }
    }

    // MARK: Answers

    package func collect(worker: Int) -> [(questionID: QuestionID, answer: HookAnswer)] {
        guard let helpers else { return [] }
        guard !isBehindWithPublications else {
            helpers.holdBack()
            return []
        }
        let desk = helpers.desks[worker]
        var answers: [(questionID: QuestionID, answer: HookAnswer)] = []
        var hasTold = false
        for plugin in helpers.plugins {
            for item in plugin.isolated?.collect(worker) ?? [] {
                switch item {
                case .answered(let asked, let answer):
                    asked.callback.note(code: answer.code, nanoseconds: answer.nanoseconds, watch)
                    answers += resume(asked, answer, desk)
                case .failed(let asked, let answer):
                    answers += resume(asked, answer, desk)
                default:
                    hasTold = true
                    take(item, of: plugin)
                }
            }
        }
        guard hasTold || desk.mailedCount > 0, !answers.isEmpty else { return answers }
        // What plugins have published before they answered comes first.
        desk.mailedCount += 1
        broker.answer(worker: worker) { [answers] in
            desk.mailedCount -= 1
            return answers
        }
        return []
    }

    /// Goes on with what has waited for an answer, on the reactor of its worker.
    private func resume(
        _ asked: Asked,
        _ answer: Answer,
        _ desk: WorkerDesk
    ) -> [(questionID: QuestionID, answer: HookAnswer)] {
        let plugin = asked.callback.plugin
        switch asked.continuation {
        case .enquiry(var enquiry):
            let change = change(answer.edit, to: asked.question)
            take(answer, change, of: asked.callback, asked.question, in: &enquiry)
            guard let result = drive(enquiry, at: .reactor) else { return [] }
            return desk.order.settle(enquiry.questionID, result)
        case .login(let login):
            let result = proceed(login, after: answer, of: plugin, at: .reactor)
            return result.map { [(login.questionID, $0)] } ?? []
        case .exchange(let step):
            let result = proceed(step, after: answer, of: plugin, at: .reactor)
            return result.map { [(step.questionID, $0)] } ?? []
        case .confirmation(let confirmation):
            let result = take(
                answer.code,
                reason: answer.reason,
                of: asked.callback,
                in: confirmation,
                at: .reactor
            )
            return result.map { [(confirmation.questionID, $0)] } ?? []
        case .job(let job): job(answer)
        case .none: break
        }
        return []
    }
}

extension Enquiry {
    /// Whether all who do the rest may be called on any thread.
    fileprivate var isRestDirect: Bool { restEvent.map { scope[$0].isDirect } ?? true }
}

extension PluginQuestion {
    /// What somebody wants to do, and with which topic or filter.
    fileprivate var access: (AccessKind?, String) {
        switch self {
        case .access(_, let kind, let message):
            (kind, message.withPublication { String(decoding: $0.topic, as: UTF8.self) })
        case .filter(_, let kind, let filter, _): (kind, String(decoding: filter, as: UTF8.self))
        default: (nil, "")
        }
    }

    /// Asks a callback of the broker's own process.
    fileprivate func ask(_ callback: Callback, _ watch: Stopwatch) -> Answer {
        let code: CInt
        var reasonString: String?
        switch self {
        case .access(let client, let kind, let message):
            let marshalled = MarshalledMessage(message)
            var data = marshalled.accessCheck(ClientRecord.handle(of: client), kind)
            code = callback.call(&data, watch)
        case .filter(let client, let kind, let filter, let qos):
            code = String(decoding: filter, as: UTF8.self).withCString { text in
                var data = mosquitto_evt_acl_check()
                data.client = ClientRecord.handle(of: client)
                data.topic = text
                data.access = kind.rawValue
                data.qos = qos
                return callback.call(&data, watch)
            }
        case .control(let client, let message):
            let marshalled = MarshalledMessage(message)
            var data = marshalled.control(ClientRecord.handle(of: client))
            code = callback.call(&data, watch)
            reasonString = data.reason_string.map { String(cString: $0) }
            free(data.reason_string)
        case .login, .exchange, .key, .connected, .disconnected, .message, .subscription, .reload,
            .marker:
            preconditionFailure("these have ways of their own")
        }
        var answer = Answer(code: code)
        if code != ResultCode.success { answer.reason = Refusals.takeReason(of: callback.plugin) }
        answer.reasonString = reasonString
        return answer
    }
}
