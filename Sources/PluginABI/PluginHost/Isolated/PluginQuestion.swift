// SPDX-License-Identifier: Apache-2.0
// One question to a plugin in a process of its own, and what it counts as when nobody answers.

import Config
import Core
import Isolation
import MQTT
import Results

/// One question to a plugin in a process of its own.
enum PluginQuestion: Sendable {
    /// May a client do that with a message?
    case access(ClientIdentity, AccessKind, Message)
    /// May a client do that with a filter?
    case filter(ClientIdentity, AccessKind, [UInt8], qos: UInt8)
    /// Is a password right?
    case login(ClientIdentity, password: [UInt8]?, ticket: DelayedAnswers.Ticket)
    /// A client has connected.
    case connected(ClientIdentity)
    /// A connection has ended.
    case disconnected(ClientIdentity, code: Int32, isOffline: Bool)
    /// A request to a `$CONTROL` topic.
    case control(ClientIdentity, Message)
    /// A message from a client, or one on its way to it, with the QoS and retain flag callbacks see.
    case message(ClientIdentity, PluginEvent, Message, qos: UInt8, isRetained: Bool)
    /// A filter that a client subscribes to or unsubscribes from, as it is by now.
    case subscription(ClientIdentity, PluginEvent, FilterQuestion)
    /// A step of an exchange.
    case exchange(ExtendedAuthentication)
    /// The pre-shared key of a TLS identity.
    case key(ClientIdentity, hint: String, identity: String)
    /// The configuration was read again.
    case reload
    /// Nothing: the answer says that everything before was answered.
    case marker

    /// The client it is about.
    var client: ClientIdentity? {
        switch self {
        case .access(let client, _, _), .filter(let client, _, _, _), .login(let client, _, _),
            .connected(let client), .disconnected(let client, _, _), .control(let client, _),
            .message(let client, _, _, _, _), .subscription(let client, _, _):
            client
        case .exchange(let step): step.identity
        case .key(let client, _, _): client
        case .reload, .marker: nil
        }
    }

    /// Whether it can be asked a second time although a plugin may have begun to answer: it decides, and
    /// does nothing.
    var isRepeatable: Bool {
        switch self {
        case .access, .filter, .login, .key, .marker: true
        case .exchange, .connected, .disconnected, .control, .message, .subscription, .reload: false
        }
    }

    /// Writes the record that asks it.
    func encode(_ head: QuestionHead, into record: inout RecordWriter) {
        switch self {
        case .access(_, let kind, let message):
            Self.encodeAccess(kind, message, head, into: &record)
        case .filter(_, let kind, let filter, let qos):
            filter.withUnsafeBytes { bytes in
                let view = UnsafePublication(topic: bytes, qos: qos)
                QuestionRecord.question(head, .access(kind: kind.rawValue, MessageView(view)))
                    .encode(into: &record)
            }
        case .login(_, let password, let ticket):
            guard let password else {
                return QuestionRecord.question(head, .login(ticket: ticket, password: nil))
                    .encode(into: &record)
            }
            password.withUnsafeBytes {
                QuestionRecord.question(head, .login(ticket: ticket, password: $0))
                    .encode(into: &record)
            }
        case .connected: QuestionRecord.question(head, .connected).encode(into: &record)
        case .disconnected(_, let code, let isOffline):
            let body: QuestionBody =
                isOffline ? .offline(reason: code) : .disconnected(reason: code)
            QuestionRecord.question(head, body).encode(into: &record)
        case .control(_, let message):
            message.withPublication {
                QuestionRecord.question(head, .control(MessageView($0))).encode(into: &record)
            }
        case .message(_, let event, let message, let qos, let isRetained):
            message.withPublication {
                var view = MessageView($0)
                view.qos = qos
                view.isRetained = isRetained
                let body = QuestionBody.message(isOutgoing: event == .messageOut, view)
                QuestionRecord.question(head, body).encode(into: &record)
            }
        case .subscription(_, let event, let filter):
            encode(head, event, filter, into: &record)
        case .exchange(let step): encode(head, step, into: &record)
        case .key(_, let hint, let identity):
            Array(hint.utf8).withUnsafeBytes { hint in
                Array(identity.utf8).withUnsafeBytes { identity in
                    let body = QuestionBody.key(hint: hint, identity: identity)
                    QuestionRecord.question(head, body).encode(into: &record)
                }
            }
        case .reload, .marker: QuestionRecord.question(head, .reload).encode(into: &record)
        }
    }

    /// Writes the record that asks about access to a message.
    static func encodeAccess(
        _ kind: AccessKind,
        _ message: Message,
        _ head: QuestionHead,
        into record: inout RecordWriter
    ) {
        message.withPublication {
            QuestionRecord.put(head, .access(kind: kind.rawValue, MessageView($0)), into: &record)
        }
    }

    private func encode(
        _ head: QuestionHead,
        _ step: ExtendedAuthentication,
        into record: inout RecordWriter
    ) {
        Array(step.method.utf8).withUnsafeBytes { method in
            (step.input ?? []).withUnsafeBytes { input in
                let body = QuestionBody.exchange(
                    ticket: step.ticket,
                    isAgain: step.isAgain,
                    method: method,
                    data: step.input == nil ? nil : input
                )
                QuestionRecord.question(head, body).encode(into: &record)
            }
        }
    }

    private func encode(
        _ head: QuestionHead,
        _ event: PluginEvent,
        _ question: FilterQuestion,
        into record: inout RecordWriter
    ) {
        question.filter.withUnsafeBytes { filter in
            question.properties.withUnsafeBytes { properties in
                let body = QuestionBody.filter(
                    isEnding: event == .unsubscribe,
                    filter,
                    options: question.options,
                    identifier: question.identifier,
                    properties: properties
                )
                QuestionRecord.question(head, body).encode(into: &record)
            }
        }
    }

    /// What the plugin counts as when it cannot answer.
    func failure(_ failure: PluginIsolation.Failure) -> Answer {
        var answer = Answer(code: ResultCode.pluginIgnore)
        answer.isFailure = true
        switch (self, failure) {
        case (.access, .deny), (.filter, .deny):
            answer.code = ResultCode.accessDenied
        case (.message, .ignore), (.subscription, .ignore):
            answer.code = ResultCode.success
            return answer
        case (.login, .deny), (.exchange, .deny), (.key, .deny), (.message, .deny),
            (.subscription, .deny):
            answer.code = ResultCode.serverUnavailable
        case (.control, _), (.reload, _): answer.code = ResultCode.serverUnavailable
        default: return answer
        }
        answer.reason = Denial.absence
        return answer
    }
}

extension MessageView {
    /// Lends what a publication lends.
    fileprivate init(_ publication: borrowing UnsafePublication) {
        self.init(
            topic: publication.topic,
            payload: publication.payload,
            properties: publication.properties,
            qos: publication.qos,
            isRetained: publication.isRetained
        )
    }
}
