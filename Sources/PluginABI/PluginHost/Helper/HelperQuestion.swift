// SPDX-License-Identifier: Apache-2.0
// One question of the broker, put to a callback of the plugin.

import CMosquitto
import Core
import Glibc
import Isolation
import PropertyLists
import Results

/// One question of the broker, put to a callback of the plugin.
struct HelperQuestion {
    private let callback: Callback
    private let identity: ClientIdentity?
    private let watch: Stopwatch

    init(_ callback: Callback, _ identity: ClientIdentity?, _ watch: Stopwatch) {
        self.callback = callback
        self.identity = identity
        self.watch = watch
    }

    private var handle: OpaquePointer? { identity.map { ClientRecord.handle(of: $0) } }

    /// Calls the callback.
    func answer(_ body: QuestionBody) -> Answer {
        switch body {
        case .access(let kind, let message):
            return Answer(code: Self.access(callback, identity, kind, message))
        case .login(let ticket, let password): return login(ticket, password)
        case .connected:
            var data = mosquitto_evt_connect()
            data.client = handle
            return Answer(code: callback.call(&data, watch))
        case .disconnected(let reason):
            var data = mosquitto_evt_disconnect()
            data.client = handle
            data.reason = reason
            return Answer(code: callback.call(&data, watch))
        case .offline(let reason):
            var data = mosquitto_evt_client_offline()
            data.client = handle
            data.reason = reason
            return Answer(code: callback.call(&data, watch))
        case .control(let message): return control(message)
        case .message(_, let view): return message(view)
        case .exchange(let ticket, let isAgain, let method, let data):
            return exchange(ticket, isAgain, method, data)
        case .key(let hint, let identity): return key(hint, identity)
        case .filter(_, let filter, let options, let identifier, let properties):
            return self.filter(
                FilterQuestion(
                    filter: Array(filter),
                    options: options,
                    identifier: identifier,
                    properties: Array(properties)
                )
            )
        case .reload:
            var data = mosquitto_evt_reload()
            let options = callback.plugin.reloadOptions
            data.options = options.start
            data.option_count = options.count
            return Answer(code: callback.call(&data, watch))
        }
    }

    /// Asks about access to a message, or to a filter.
    @inline(__always)  // Once for each message.
    static func access(
        _ callback: Callback,
        _ identity: ClientIdentity?,
        _ kind: Int32,
        _ message: MessageView
    ) -> CInt {
        var properties = message.properties.isEmpty ? nil : PropertyLists.list(message.properties)
        defer { if properties != nil { mosquitto_property_free_all(&properties) } }
        var data = mosquitto_evt_acl_check()
        data.client = identity.map { ClientRecord.handle(of: $0) }
        data.topic = message.topicText
        data.payload = message.payload.isEmpty ? nil : message.payload.baseAddress
        data.payloadlen = UInt32(message.payload.count)
        data.properties = properties
        data.access = kind
        data.qos = message.qos
        data.retain = message.isRetained
        return callback.callUnmeasured(&data)
    }

    private func login(_ ticket: UInt64, _ password: UnsafeRawBufferPointer?) -> Answer {
        guard let identity else { return Answer(code: ResultCode.unknown) }
        let record = ClientRecord.of(identity)
        record.setTicket(ticket)
        defer { record.setTicket(0) }
        var answer = Answer(
            code: BasicAuthentication.call(callback, record, password.map { Array($0) }, watch)
        )
        answer.hasTakenTicket = record.hasTaken(ticket)
        return answer
    }

    private func exchange(
        _ ticket: UInt64,
        _ isAgain: Bool,
        _ method: UnsafeRawBufferPointer,
        _ data: UnsafeRawBufferPointer?
    ) -> Answer {
        guard let identity else { return Answer(code: ResultCode.unknown) }
        let record = ClientRecord.of(identity)
        let result = ExtendedAuthentication.call(
            callback,
            record,
            method: String(decoding: method, as: UTF8.self),
            data.map { Array($0) },
            ticket,
            isAgain: isAgain,
            watch
        )
        var answer = Answer(code: result.code)
        answer.data = result.data
        answer.reason = result.reason
        answer.hasTakenTicket = record.hasTaken(ticket)
        return answer
    }

    private func key(_ hint: UnsafeRawBufferPointer, _ identity: UnsafeRawBufferPointer) -> Answer {
        guard let handle else { return Answer(code: ResultCode.unknown) }
        let (code, digits) = PluginHost.askKey(
            callback,
            handle,
            hint: String(decoding: hint, as: UTF8.self),
            identity: String(decoding: identity, as: UTF8.self),
            watch
        )
        var answer = Answer(code: code)
        answer.data = digits
        return answer
    }

    private func message(_ view: MessageView) -> Answer {
        guard let handle else { return Answer(code: ResultCode.unknown) }
        let original = Message.make(
            UnsafePublication(
                topic: view.topic,
                properties: view.properties,
                payload: view.payload,
                qos: view.qos,
                isRetained: view.isRetained
            )
        )
        let (code, result, qos, isRetained) = EventCall.message(
            callback,
            handle,
            original,
            qos: view.qos,
            isRetained: view.isRetained,
            watch
        )
        var answer = Answer(code: code)
        switch result {
        case .unchanged: break
        case .invalidTopic: answer.edit = .invalidTopic
        case .replaced(let message):
            answer.edit = message.withPublication { publication in
                .message(
                    topic: Array(publication.topic),
                    payload: Array(publication.payload),
                    properties: Array(publication.properties),
                    qos: qos,
                    isRetained: isRetained,
                    expiresAt: publication.expiresAt == Expiry.never ? .max : publication.expiresAt
                )
            }
        }
        return answer
    }

    private func filter(_ question: FilterQuestion) -> Answer {
        guard let handle else { return Answer(code: ResultCode.unknown) }
        let (code, filter, options) = EventCall.filter(callback, handle, question, watch)
        var answer = Answer(code: code)
        if filter != question.filter || options != question.options {
            answer.edit = .filter(filter, options: options)
        }
        return answer
    }

    private func control(_ message: MessageView) -> Answer {
        var properties = PropertyLists.list(message.properties)
        defer { mosquitto_property_free_all(&properties) }
        var data = mosquitto_evt_control()
        data.client = handle
        data.topic = message.topicText
        data.payload = message.payload.isEmpty ? nil : message.payload.baseAddress
        data.payloadlen = UInt32(message.payload.count)
        data.properties = properties
        data.qos = message.qos
        data.retain = message.isRetained
        var answer = Answer(code: callback.call(&data, watch))
        answer.reasonString = data.reason_string.map { String(cString: $0) }
        free(data.reason_string)
        return answer
    }
}

extension MessageView {
    /// The topic as a C string.
    fileprivate var topicText: UnsafePointer<CChar>? {
        topic.baseAddress?.assumingMemoryBound(to: CChar.self)
    }
}
