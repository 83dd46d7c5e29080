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
        if scope.events.contains(.access) {
            var data = marshalled.accessCheck(handle, .write)
            let code = checkAccess(scope, identity, &data)
            if code != ResultCode.success {
                return .control(.refused(code: code), denial: takeDenial())
            }
        }
        let topic = message.withPublication { String(decoding: $0.topic, as: UTF8.self) }
        if topic.hasSameBytes(as: BrokerControl.topic), let brokerControl {
            message.withPublication { brokerControl.handle($0.payload, host: self) }
            return .control(.handled(code: ResultCode.success, reasonString: nil))
        }
        guard let callback = snapshot.control[ExactText(topic)] else { return .control(.unhandled) }
        var data = mosquitto_evt_control()
        data.client = handle
        data.topic = UnsafePointer(marshalled.topic)
        data.payload = UnsafeRawPointer(marshalled.payload)
        data.payloadlen = marshalled.payloadCount
        data.properties = marshalled.properties
        data.qos = marshalled.qos
        data.retain = marshalled.isRetained
        let code = callback.call(&data, watch)
        let reason = data.reason_string.map { String(cString: $0) }
        free(data.reason_string)
        return .control(.handled(code: code, reasonString: reason))
    }
}
