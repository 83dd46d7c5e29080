// SPDX-License-Identifier: Apache-2.0
// One callback of MESSAGE_IN, MESSAGE_OUT, SUBSCRIBE or UNSUBSCRIBE by itself, and what it has changed.

import CMosquitto
import Core
import Glibc
import PropertyLists

/// One callback of an event that may change what it is about, and what it has made of that.
enum EventCall {
    /// Shows a message to a callback.
    static func message(
        _ callback: Callback,
        _ client: OpaquePointer,
        _ message: Message,
        qos: UInt8,
        isRetained: Bool,
        _ watch: Stopwatch
    ) -> (code: CInt, result: MarshalledMessage.Result, qos: UInt8, isRetained: Bool) {
        var marshalled = MarshalledMessage(message)
        let isOutgoing = callback.event == .messageOut
        if isOutgoing { marshalled.set(qos: qos, isRetained: isRetained) }
        var data = marshalled.event(client)
        let code = callback.call(&data, watch)
        guard code == 0 else { return (code, .unchanged, qos, isRetained) }
        marshalled.adopt(&data, changesQoS: isOutgoing)
        let result = marshalled.result(replacing: message)
        return (code, result, marshalled.qos, marshalled.isRetained)
    }

    /// Shows a filter to a callback; the filter and options are those that it has left.
    static func filter(
        _ callback: Callback,
        _ client: OpaquePointer,
        _ question: FilterQuestion,
        _ watch: Stopwatch
    ) -> (code: CInt, filter: [UInt8], options: UInt8) {
        var current = strdup(String(decoding: question.filter, as: UTF8.self))
        defer { free(current) }
        var properties = question.properties.withUnsafeBytes { PropertyLists.list($0) }
        defer { mosquitto_property_free_all(&properties) }
        var data = mosquitto_evt_subscribe()
        data.client = client
        data.data.topic_filter = current
        if callback.event == .subscribe {
            data.data.options = question.options
            data.data.identifier = question.identifier
            data.data.properties = properties
        }
        let code = callback.call(&data, watch)
        if let new = data.data.topic_filter, new != current {
            free(current)
            current = new
        }
        let bytes = current.map { UnsafeRawBufferPointer(start: $0, count: strlen($0)) }
        let options = callback.event == .subscribe ? data.data.options : question.options
        return (code, bytes.map { Array($0) } ?? question.filter, options)
    }
}
