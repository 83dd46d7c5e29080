// SPDX-License-Identifier: Apache-2.0
// CONTROL: requests to `$CONTROL` topics.

import CMosquitto
import Core
import Glibc
import MQTT
import Results

extension PluginHost {
    /// Answers a request: write access first, then whoever owns exactly that topic.
    func control(
        _ identity: ClientIdentity,
        _ message: Message,
        _ snapshot: CallbackSnapshot
    ) -> HookAnswer {
        let scope = snapshot.scope(identity.listenerIndex)
        let marshalled = MarshalledMessage(message)
        let handle = ClientRecord.handle(of: identity)
        if scope.events.contains(.access), !identity.isOwnBridge {
            var data = marshalled.accessCheck(handle, .write)
            let code = checkAccess(scope, identity, &data)
            if code != ResultCode.success {
                return .control(.refused(code: code), denial: takeDenial())
            }
        }
        return handleControl(identity, message, marshalled, snapshot)
    }

    /// Hands a request that its sender may make to whoever owns the topic.
    func handleControl(
        _ identity: ClientIdentity,
        _ message: Message,
        _ marshalled: borrowing MarshalledMessage,
        _ snapshot: CallbackSnapshot
    ) -> HookAnswer {
        let topic = message.withPublication { String(decoding: $0.topic, as: UTF8.self) }
        if hasControlAPI, topic.hasSameBytes(as: ControlAPI.topic) {
            let scope = snapshot.scope(identity.listenerIndex)
            let actor = ControlActor(
                identity,
                isAllowedByRule: scope.events.contains(.access) && !identity.isOwnBridge
            )
            broker.control.take(
                message.withPublication { Array($0.payload) },
                from: actor,
                of: broker
            )
            return .control(.handled(code: ResultCode.success, reasonString: nil))
        }
        guard let callback = snapshot.control[ExactText(topic)] else { return .control(.unhandled) }
        var data = marshalled.control(ClientRecord.handle(of: identity))
        let code = callback.call(&data, watch)
        let reason = data.reason_string.map { String(cString: $0) }
        free(data.reason_string)
        return .control(.handled(code: code, reasonString: reason))
    }
}
