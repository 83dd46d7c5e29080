// SPDX-License-Identifier: Apache-2.0
// Which thread answers a question: the one that asks, or the plugin thread.

import Core
import MQTT

extension HookQuestion {
    /// Whether every callback that a question leads to may be called on any thread.
    ///
    /// One question may stand for several events; then those who are asked about any of them count.
    func isDirect(_ snapshot: CallbackSnapshot) -> Bool {
        if case .publish(let client, _, let checksAccess, let isFiltered) = self {
            // There is one for each message.
            let path = snapshot.path(client.listenerIndex)
            return (!checksAccess || path.isDirect(.aclCheck))
                && (!isFiltered || path.isDirect(.messageIn))
        }
        let scope = snapshot.scope(client.listenerIndex)
        switch self {
        case .authenticate: return scope[.basicAuth].isDirect
        case .confirm: return scope.confirmsDirectly
        case .beginExchange: return scope[.extAuthStart].isDirect && scope.confirmsDirectly
        case .continueExchange:
            return scope[.extAuthContinue].isDirect && scope.confirmsDirectly
        case .publish: preconditionFailure("decided above")
        case .control(_, let message):
            guard scope[.aclCheck].isDirect else { return false }
            let topic = message.withPublication { String(decoding: $0.topic, as: UTF8.self) }
            return snapshot.control[ExactText(topic)]?.plugin.isDirect ?? true
        case .subscribe: return scope[.aclCheck].isDirect && scope[.subscribe].isDirect
        case .unsubscribe: return scope[.aclCheck].isDirect && scope[.unsubscribe].isDirect
        case .access: return scope[.aclCheck].isDirect
        case .deliver(_, let messages):
            return (scope[.aclCheck].isDirect || messages.allSatisfy { !$0.checksAccess })
                && (scope[.messageOut].isDirect || messages.allSatisfy { !$0.isFiltered })
                && messages.allSatisfy { !$0.isBehindOthers }
        case .publishStored: return scope[.aclCheck].isDirect
        }
    }
}
