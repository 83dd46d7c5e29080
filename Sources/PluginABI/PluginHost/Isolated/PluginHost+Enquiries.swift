// SPDX-License-Identifier: Apache-2.0
// Questions of the core that plugins in processes of their own are asked about.

import CMosquitto
package import Core
import Glibc
import Isolation
import Log
import MQTT
import Results
import Synchronization

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
        guard place == .reactor else { return isolated.ask(asked, ring: ring) }
        var asked = asked
        asked.ring = UInt16(ring)
        return helpers.desks[ring].ask(asked)
    }

    /// Begins a question of the core on the reactor that asks.
    func enquire(
        _ question: consuming HookQuestion,
        _ questionID: QuestionID,
        _ snapshot: CallbackSnapshot,
        _ helpers: Helpers
    ) -> HookAnswer? {
        if question.isLogin { return answer(question, questionID, snapshot, at: .reactor) }
        let enquiry = Enquiry(question, questionID, snapshot, isClosed: isPerListener)
        return helpers.withDesk(of: questionID.worker) { desk in
            desk.order.pointee.enter(questionID)
            var answer: HookAnswer?
            for walk in 0..<enquiry.walkCount { answer = drive(enquiry, walk, desk) }
            guard let answer else { return nil }
            // Those before it have not been answered, or it is the only one.
            var released: AnswerOrder.Released = []
            desk.order.pointee.settle(questionID, answer, into: &released)
            assert(released.count <= 1, "only the last one was entered")
            return released.first?.answer
        }
    }

    /// Goes on on a walk of a question; the answer to that, or nil while somebody has yet to answer.
    ///
    /// - Parameter desk: that of the worker on whose thread this is called; nil on the plugin thread
    private func drive(_ enquiry: Enquiry, _ walk: Int, _ desk: WorkerDesk?) -> HookAnswer? {
        let place = desk == nil ? CallingPlace.pluginThread : .reactor
        while true {
            switch enquiry.next(walk) {
            case .done: return enquiry.end()
            case .access:
                let callback = enquiry.accessCallback(walk)
                let item = enquiry.item(walk)
                if callback.isRemote {
                    let asked = Asked(callback, access: enquiry, walk: walk, item: item)
                    let ring = enquiry.questionID.worker
                    let failure =
                        if let desk {
                            desk.ask(asked)
                        } else {
                            ask(asked, ring: ring, at: place)
                        }
                    guard let failure else { return nil }
                    takeAccess(failure.code, failure.reason, enquiry, walk)
                } else {
                    guard place.allows(callback) else { return driveLater(enquiry, walk) }
                    let question = Enquiry.accessQuestion(enquiry.question, item: item)
                    let answer = question.ask(callback, watch)
                    takeAccess(answer.code, answer.reason, enquiry, walk)
                }
            case .event:
                let (callback, question) = enquiry.event(walk)
                if callback.isRemote {
                    let asked = Asked(callback, question, .enquiry(enquiry, walk: walk))
                    guard
                        let failure = ask(asked, ring: enquiry.questionID.worker, at: place)
                    else { return nil }
                    enquiry.take(walk, failure)
                } else {
                    guard place.allows(callback) else { return driveLater(enquiry, walk) }
                    let (answer, change) = ask(callback, question)
                    enquiry.take(walk, answer, change)
                }
            case .finish:
                guard place == .pluginThread || enquiry.isRestDirect else {
                    return driveLater(enquiry, walk)
                }
                enquiry.take(walk, rest: answerRest(enquiry, enquiry.item(walk)))
            }
        }
    }

    /// Goes on on the plugin thread.
    private func driveLater(_ enquiry: Enquiry, _ walk: Int) -> HookAnswer? {
        assert(enquiry.walkCount == 1, "walks at the same time stay on one thread")
        lane.enqueue(
            .job { [self] in
                guard let answer = drive(enquiry, walk, nil), let helpers else {
                    return
                }
                let questionID = enquiry.questionID
                let desk = helpers.desks[questionID.worker]
                broker.answer(worker: questionID.worker) {
                    var released: AnswerOrder.Released = []
                    desk.order.pointee.settle(questionID, answer, into: &released)
                    return released
                }
            }
        )
        return nil
    }

    /// Takes an answer about access.
    @inline(__always)
    private func takeAccess(_ code: CInt, _ reason: String?, _ enquiry: Enquiry, _ walk: Int) {
        if code == ResultCode.success {
            _ = enquiry.takeAccess(walk, code, nil)
        } else {
            takeRefusal(code, reason, enquiry, walk)
        }
    }

    /// Takes an answer about access that does not grant it.
    private func takeRefusal(_ code: CInt, _ reason: String?, _ enquiry: Enquiry, _ walk: Int) {
        let item = enquiry.item(walk)
        let plugin = enquiry.accessCallback(walk).plugin
        guard enquiry.takeAccess(walk, code, reason), log.isEnabled(.debug) else { return }
        let question = Enquiry.accessQuestion(enquiry.question, item: item)
        guard let client = question.client else { return }
        let (kind, topic) = question.access
        logDenial(plugin, client, kind, topic, code)
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
        var answers: AnswerOrder.Released = []
        var items = UnsafeQueue<HelperItem>()
        var hasTold = false
        var calls = ShortCalls()
        defer { calls.count() }
        for plugin in helpers.plugins {
            plugin.isolated?.collect(worker, into: &items)
            answers.reserveCapacity(items.count)
            while let item = items.removeFirst() {
                switch consume item {
                case .plain(let asked, let answer):
                    asked.callback.note(answer, among: &calls, watch)
                    resume(asked, answer, desk, into: &answers)
                case .answered(let asked, let answer):
                    asked.callback.note(code: answer.code, nanoseconds: answer.nanoseconds, watch)
                    resume(asked, answer, desk, into: &answers)
                case .failed(let asked, let answer): resume(asked, answer, desk, into: &answers)
                case let other:
                    hasTold = true
                    take(other, of: plugin)
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

    /// Goes on with what has waited for an answer that is nothing but a code.
    @inline(__always)
    private func resume(
        _ asked: Asked,
        _ answer: PlainAnswer,
        _ desk: WorkerDesk,
        into answers: inout AnswerOrder.Released
    ) {
        guard let (enquiry, walk) = asked.access else {
            return resume(asked, Answer(answer), desk, into: &answers)
        }
        takeAccess(answer.code, nil, enquiry, walk)
        guard let result = drive(enquiry, walk, desk) else { return }
        desk.order.pointee.settle(enquiry.questionID, result, into: &answers)
    }

    /// Goes on with what has waited for an answer, on the reactor of its worker.
    private func resume(
        _ asked: Asked,
        _ answer: Answer,
        _ desk: WorkerDesk,
        into answers: inout AnswerOrder.Released
    ) {
        let plugin = asked.callback.plugin
        if asked.isSecret { plugin.isolated?.wipe(asked.serial) }
        switch asked.continuation {
        case .enquiry(let enquiry, let walk):
            if asked.access != nil {
                takeAccess(answer.code, answer.reason, enquiry, walk)
            } else {
                enquiry.take(walk, answer, change(answer.edit, to: asked.question))
            }
            guard let result = drive(enquiry, walk, desk) else { return }
            desk.order.pointee.settle(enquiry.questionID, result, into: &answers)
        case .login(let login):
            let result = proceed(login, after: answer, of: plugin, at: .reactor)
            if let result { answers.append((login.questionID, result)) }
        case .exchange(let step):
            let result = proceed(step, after: answer, of: plugin, at: .reactor)
            if let result { answers.append((step.questionID, result)) }
        case .confirmation(let confirmation):
            let result = take(
                answer.code,
                reason: answer.reason,
                of: plugin,
                in: confirmation,
                at: .reactor
            )
            if let result { answers.append((confirmation.questionID, result)) }
        case .job(let job): job(answer)
        case .none: break
        }
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
