// SPDX-License-Identifier: Apache-2.0
// SUBSCRIBE and UNSUBSCRIBE, with the access checks that come before them.

import CMosquitto
import Core
import Glibc
import Log
import MQTT
import PropertyLists
import Results
import TopicRules

extension PluginHost {
    /// Decides about the filters of one packet, in order.
    func decide(
        _ event: PluginEvent,
        _ identity: ClientIdentity,
        _ filters: [FilterQuestion],
        _ scope: CallbackSnapshot.Scope,
        checksAccess: Bool = true
    ) -> HookAnswer {
        var decisions: [FilterDecision] = []
        var denials: [Int: Denial] = [:]
        for filter in filters {
            let (decision, code) = decide(
                event,
                identity,
                filter,
                scope,
                checksAccess: checksAccess
            )
            if code != ResultCode.success {
                return .filters(decisions, disconnectCode: code, denials: denials)
            }
            if case .denied = decision { denials[decisions.count] = takeDenial() }
            decisions.append(decision)
        }
        return .filters(decisions, disconnectCode: nil, denials: denials)
    }

    /// Decides which of its filters a session may keep.
    func mayStay(
        _ identity: ClientIdentity,
        _ filters: [FilterQuestion],
        _ scope: CallbackSnapshot.Scope
    ) -> HookAnswer {
        let handle = ClientRecord.handle(of: identity)
        let decisions = filters.map { question -> FilterDecision in
            let filter = strdup(String(decoding: question.filter, as: UTF8.self))
            defer { free(filter) }
            let code = checkSubscribing(.subscribe, identity, handle, question, filter, scope)
            return code == ResultCode.success ? .allowed(filter: nil, options: nil) : .denied
        }
        return .filters(decisions, disconnectCode: nil)
    }

    private func decide(
        _ event: PluginEvent,
        _ identity: ClientIdentity,
        _ question: FilterQuestion,
        _ scope: CallbackSnapshot.Scope,
        checksAccess: Bool
    ) -> (FilterDecision, code: Int32) {
        let handle = ClientRecord.handle(of: identity)
        let original = strdup(String(decoding: question.filter, as: UTF8.self))
        var current = original
        defer { free(current) }
        if checksAccess {
            let code = checkSubscribing(event, identity, handle, question, current, scope)
            if code == ResultCode.accessDenied { return (.denied, 0) }
            if code != ResultCode.success { return (.denied, code) }
        }
        var options = question.options
        var properties = question.properties.withUnsafeBytes { PropertyLists.list($0) }
        defer { mosquitto_property_free_all(&properties) }
        for list in scope[event].lists {
            var data = mosquitto_evt_subscribe()
            data.client = handle
            data.data.topic_filter = current
            if event == .subscribe {
                data.data.options = options
                data.data.identifier = question.identifier
                data.data.properties = properties
            }
            for callback in list {
                let code = callback.call(&data, watch)
                if code != ResultCode.success { return (.denied, code) }
                if let new = data.data.topic_filter, new != current {
                    free(current)
                    current = new
                }
                data.data.topic_filter = current
                if event == .subscribe { options = data.data.options }
            }
        }
        return (decision(question, current, options, identity), 0)
    }

    private func checkSubscribing(
        _ event: PluginEvent,
        _ identity: ClientIdentity,
        _ handle: OpaquePointer,
        _ question: FilterQuestion,
        _ filter: UnsafeMutablePointer<CChar>?,
        _ scope: CallbackSnapshot.Scope
    ) -> Int32 {
        guard scope.events.contains(.access) else { return ResultCode.success }
        var data = mosquitto_evt_acl_check()
        data.client = handle
        data.topic = UnsafePointer(filter)
        let kind: AccessKind = event == .subscribe ? .subscribe : .unsubscribe
        data.access = kind.rawValue
        data.qos = event == .subscribe ? question.options & 3 : 0
        return checkAccess(scope, identity, &data)
    }

    /// What the callbacks made of a filter.
    private func decision(
        _ question: FilterQuestion,
        _ filter: UnsafeMutablePointer<CChar>?,
        _ options: UInt8,
        _ identity: ClientIdentity
    ) -> FilterDecision {
        guard let filter else { return .denied }
        let bytes = Array(UnsafeRawBufferPointer(start: filter, count: strlen(filter)))
        return decision(question, bytes, options, identity)
    }

    /// The same; what cannot be is logged and denied.
    func decision(
        _ question: FilterQuestion,
        _ bytes: [UInt8],
        _ options: UInt8,
        _ identity: ClientIdentity
    ) -> FilterDecision {
        let newFilter = bytes == question.filter ? nil : bytes
        let newOptions = options == question.options ? nil : options
        if let newFilter,
            !isValidTopicFilter(newFilter) || SharedFilter.parse(newFilter) == .invalid
        {
            log.error(
                "Error: A plugin gave a subscription of \(identity.logName) an invalid filter."
            )
            return .denied
        }
        if let newOptions,
            newOptions & 3 == 3 || newOptions & 0xC0 != 0 || newOptions & 0x30 == 0x30
        {
            log.error(
                "Error: A plugin gave a subscription of \(identity.logName) invalid options."
            )
            return .denied
        }
        return .allowed(filter: newFilter, options: newOptions)
    }
}
