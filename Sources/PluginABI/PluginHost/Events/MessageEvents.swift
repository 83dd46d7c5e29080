// SPDX-License-Identifier: Apache-2.0
// MESSAGE_IN and MESSAGE_OUT, with the access checks that come before them.

import CMosquitto
import Core
import Log
import MQTT
import Results

extension PluginHost {
    /// Decides about a message from a client: write access, then MESSAGE_IN.
    func publish(
        _ identity: ClientIdentity,
        _ message: Message,
        checksAccess: Bool,
        isFiltered: Bool,
        _ scope: CallbackSnapshot.Scope
    ) -> PublishDecision {
        var marshalled = MarshalledMessage(message)
        let handle = ClientRecord.handle(of: identity)
        if checksAccess {
            var data = marshalled.accessCheck(handle, .write)
            let code = checkAccess(scope, identity, &data)
            switch code {
            case ResultCode.success: break
            case ResultCode.accessDenied: return .refused(.notAuthorized)
            default: return .disconnect(code: code)
            }
        }
        guard isFiltered else { return .accepted(replacement: nil) }
        let code = filter(.messageIn, handle, &marshalled, scope)
        if code != ResultCode.success { return Self.refusal(code) }
        switch marshalled.result(replacing: message) {
        case .unchanged: return .accepted(replacement: nil)
        case .replaced(let replacement): return .accepted(replacement: replacement)
        case .invalidTopic:
            log.error(
                "Error: A plugin gave a message of \(identity.logName) an invalid topic: dropped."
            )
            return .refused(.implementationSpecificError)
        }
    }

    /// What a refusal by MESSAGE_IN does to the publisher.
    static func refusal(_ code: Int32) -> PublishDecision {
        switch code {
        case ResultCode.accessDenied: .refused(.notAuthorized)
        case ResultCode.quotaExceeded: .refused(.quotaExceeded)
        default: .disconnect(code: code)
        }
    }

    /// Shows a message to the callbacks of an event, each seeing the changes of those before it.
    private func filter(
        _ event: PluginEvent,
        _ client: OpaquePointer,
        _ message: inout MarshalledMessage,
        _ scope: CallbackSnapshot.Scope
    ) -> Int32 {
        for list in scope[event].lists {
            var data = message.event(client)
            for callback in list {
                let code = callback.call(&data, watch)
                if code != ResultCode.success {
                    if event == .messageIn { Refusals.note(callback.plugin, code: code) }
                    return code
                }
                message.adopt(&data, changesQoS: event == .messageOut)
            }
        }
        return ResultCode.success
    }

    /// Decides about messages on their way to one client.
    func deliver(
        _ identity: ClientIdentity,
        _ questions: [DeliveryQuestion],
        _ scope: CallbackSnapshot.Scope
    ) -> [DeliveryDecision] {
        let handle = ClientRecord.handle(of: identity)
        return questions.map { deliver(identity, handle, $0, scope) }
    }

    private func deliver(
        _ identity: ClientIdentity,
        _ handle: OpaquePointer,
        _ question: DeliveryQuestion,
        _ scope: CallbackSnapshot.Scope
    ) -> DeliveryDecision {
        let message = question.message
        var marshalled = MarshalledMessage(message)
        if question.checksAccess {
            var data = marshalled.accessCheck(handle, .read)
            if checkAccess(scope, identity, &data) != 0 { return .denied }
        }
        guard question.isFiltered else { return .allowed }
        marshalled.set(qos: question.qos, isRetained: question.isRetained)
        if filter(.messageOut, handle, &marshalled, scope) != 0 { return .denied }
        switch marshalled.result(replacing: message) {
        case .unchanged: return .allowed
        case .replaced(let replacement):
            return .replaced(
                replacement,
                qos: marshalled.qos,
                isRetained: marshalled.isRetained
            )
        case .invalidTopic:
            log.error(
                "Error: A plugin gave a message to \(identity.logName) an invalid topic: dropped."
            )
            return .denied
        }
    }

    /// Whether a client may publish a message that the broker has kept of it.
    func mayPublishStored(
        _ identity: ClientIdentity,
        _ message: Message,
        _ scope: CallbackSnapshot.Scope
    ) -> Bool {
        let marshalled = MarshalledMessage(message)
        var data = marshalled.accessCheck(ClientRecord.handle(of: identity), .write)
        return checkAccess(scope, identity, &data) == 0
    }
}
