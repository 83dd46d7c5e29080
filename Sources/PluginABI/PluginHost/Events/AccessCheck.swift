// SPDX-License-Identifier: Apache-2.0
// ACL_CHECK: may a client publish, receive, subscribe, unsubscribe?

import CMosquitto
package import Core
import Glibc
import Log
import Results

extension PluginHost {
    /// Asks the chain of a client; `data` is what the callbacks see.
    ///
    /// - Returns: 0 allows, `MOSQ_ERR_ACL_DENIED` denies, others are errors of a plugin.
    func checkAccess(
        _ scope: CallbackSnapshot.Scope,
        _ client: ClientIdentity,
        _ data: inout mosquitto_evt_acl_check
    ) -> Int32 {
        if client.listener == nil, isPerListener { return ResultCode.accessDenied }
        let chain = scope[.aclCheck]
        var check = AccessChain()
        while let callback = check.next(in: chain) {
            guard let code = check.take(callback.call(&data, watch), in: chain) else { continue }
            if code != ResultCode.success { noteDenial(callback.plugin, client, data, code) }
            return code
        }
        guard let denier = check.denier(in: chain) else { return ResultCode.success }
        noteDenial(denier.plugin, client, data, ResultCode.accessDenied)
        return ResultCode.accessDenied
    }

    /// A plugin has denied, or has left to others what nobody has allowed then.
    private func noteDenial(
        _ plugin: LoadedPlugin,
        _ client: ClientIdentity,
        _ data: mosquitto_evt_acl_check,
        _ code: CInt
    ) {
        if data.access != AccessKind.read.rawValue { Refusals.note(plugin, code: code) }
        logDenial(plugin, client, data, code)
    }

    private func logDenial(
        _ plugin: LoadedPlugin,
        _ client: ClientIdentity,
        _ data: mosquitto_evt_acl_check,
        _ code: CInt
    ) {
        guard log.isEnabled(.debug) else { return }
        let topic = data.topic.map { String(cString: $0) } ?? ""
        logDenial(plugin, client, AccessKind(rawValue: data.access), topic, code)
    }

    func logDenial(
        _ plugin: LoadedPlugin,
        _ client: ClientIdentity,
        _ kind: AccessKind?,
        _ topic: String,
        _ code: CInt
    ) {
        let access = kind.map { "\($0)" } ?? ""
        log.debug(
            "Plugin \(plugin.displayName) denied \(client.clientIdentifier) to \(access)"
                + " '\(topic)' (\(code))."
        )
    }

    /// Decides about access on the calling reactor; only for chains that are direct.
    package func checkAccess(
        _ kind: AccessKind,
        _ client: ClientIdentity,
        _ publication: borrowing UnsafePublication
    ) -> Int32 {
        if client.listenerIndex != nil || !isPerListener,
            let only = registry.path(client.listenerIndex).only
        {
            return withTopic(kind, client, publication) { data in
                let code = only.call(&data, watch)
                switch code {
                case ResultCode.success, ResultCode.pluginIgnore: return ResultCode.success
                case ResultCode.pluginDefer:
                    noteDenial(only.plugin, client, data, ResultCode.accessDenied)
                    return ResultCode.accessDenied
                default:
                    noteDenial(only.plugin, client, data, code)
                    return code
                }
            }
        }
        let scope = registry.current.scope(client.listenerIndex)
        if scope[.aclCheck].isByTopic {
            return withTopic(kind, client, publication) { checkAccess(scope, client, &$0) }
        }
        let message = MarshalledMessage(publication)
        var data = message.accessCheck(ClientRecord.handle(of: client), kind)
        return checkAccess(scope, client, &data)
    }

    /// Lends what callbacks see that decide by client and topic alone.
    @inline(__always)  // Once per receiver and run of messages.
    private func withTopic(
        _ kind: AccessKind,
        _ client: ClientIdentity,
        _ publication: borrowing UnsafePublication,
        _ body: (inout mosquitto_evt_acl_check) -> Int32
    ) -> Int32 {
        let topic = publication.topic
        let qos = publication.qos
        let isRetained = publication.isRetained
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: topic.count + 1) { buffer in
            UnsafeMutableRawBufferPointer(buffer).copyMemory(from: topic)
            buffer[topic.count] = 0
            var data = mosquitto_evt_acl_check()
            data.client = ClientRecord.handle(of: client)
            data.topic = UnsafePointer(buffer.baseAddress)
            data.access = kind.rawValue
            data.qos = qos
            data.retain = isRetained
            return body(&data)
        }
    }
}
