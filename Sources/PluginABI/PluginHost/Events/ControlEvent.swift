// SPDX-License-Identifier: Apache-2.0
// CONTROL: requests to `$CONTROL` topics.

import CMosquitto
import Core
import Glibc

extension PluginHost {
    /// Answers a request: write access first, then whoever owns exactly that topic.
    ///
    /// The code is `MOSQ_ERR_ACL_DENIED` without write access, `MOSQ_ERR_NOT_SUPPORTED` without
    /// owner; a callback that returns one of the two counts as any other failure.
    func control(
        _ identity: ClientIdentity,
        _ message: Message,
        _ snapshot: CallbackSnapshot
    ) -> HookAnswer {
        let scope = snapshot.scope(identity.listener?.index)
        let marshalled = MarshalledMessage(message)
        let handle = ClientRecord.of(identity).handle
        if scope.events.contains(.access) {
            var data = marshalled.accessCheck(handle, .write)
            if checkAccess(scope, identity, &data) != 0 {
                return .control(code: MOSQ_ERR_ACL_DENIED.rawValue, reasonString: nil)
            }
        }
        let topic = message.withPublication { String(decoding: $0.topic, as: UTF8.self) }
        if topic == BrokerControl.topic, let brokerControl {
            message.withPublication { brokerControl.handle($0.payload, host: self) }
            return .control(code: 0, reasonString: nil)
        }
        guard let callback = snapshot.control[topic] else {
            return .control(code: MOSQ_ERR_NOT_SUPPORTED.rawValue, reasonString: nil)
        }
        var data = mosquitto_evt_control()
        data.client = handle
        data.topic = UnsafePointer(marshalled.topic)
        data.payload = UnsafeRawPointer(marshalled.payload)
        data.payloadlen = marshalled.payloadCount
        data.properties = marshalled.properties
        data.qos = marshalled.qos
        data.retain = marshalled.isRetained
        var code = callback.call(&data, watch)
        let reason = data.reason_string.map { String(cString: $0) }
        free(data.reason_string)
        if code == MOSQ_ERR_ACL_DENIED.rawValue || code == MOSQ_ERR_NOT_SUPPORTED.rawValue {
            code = MOSQ_ERR_UNKNOWN.rawValue
        }
        return .control(code: code, reasonString: reason)
    }
}
