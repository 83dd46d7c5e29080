// SPDX-License-Identifier: Apache-2.0
// mosquitto/libmosquitto_subscribe.h and _unsubscribe.h: subscriptions and their end.

import CMosquitto
import CommonLibrary
import Glibc
import MQTT
import Results
import TopicRules

typealias FilterList = UnsafePointer<UnsafeMutablePointer<CChar>?>

/// The filters a program has handed in.
private enum FilterArguments {
    case filters([[UInt8]])
    case wrong(CInt)

    init(_ list: FilterList?, count: CInt) {
        guard let list, count > 0 else {
            self = .wrong(ResultCode.invalid)
            return
        }
        var filters: [[UInt8]] = []
        for index in 0..<Int(count) {
            guard let text = list[index] else {
                self = .wrong(ResultCode.invalid)
                return
            }
            let bytes = bytes(of: text)
            guard !bytes.isEmpty, TopicRules.isFilter(Span(_bytes: bytes.bytes)) else {
                self = .wrong(ResultCode.invalid)
                return
            }
            guard isAcceptableUTF8(bytes) else {
                self = .wrong(ResultCode.malformedUTF8)
                return
            }
            filters.append(Array(bytes))
        }
        self = .filters(filters)
    }

    /// Calls `body` with one filter as a list.
    static func withOne<Result>(
        _ filter: UnsafePointer<CChar>?,
        _ body: (FilterList) -> Result
    ) -> Result {
        var one: UnsafeMutablePointer<CChar>? = UnsafeMutablePointer(mutating: filter)
        return withUnsafePointer(to: &one) { body($0) }
    }
}

/// Subscribes.
@c(mosquitto_subscribe) @implementation
public func mosquitto_subscribe(
    _ mosq: OpaquePointer!,
    _ mid: UnsafeMutablePointer<CInt>!,
    _ sub: UnsafePointer<CChar>!,
    _ qos: CInt
) -> CInt {
    mosquitto_subscribe_v5(mosq, mid, sub, qos, 0, nil)
}

/// Subscribes, with options and properties.
@c(mosquitto_subscribe_v5) @implementation
public func mosquitto_subscribe_v5(
    _ mosq: OpaquePointer!,
    _ mid: UnsafeMutablePointer<CInt>!,
    _ sub: UnsafePointer<CChar>!,
    _ qos: CInt,
    _ options: CInt,
    _ properties: OpaquePointer!
) -> CInt {
    FilterArguments.withOne(sub) { list in
        subscribe(mosq, mid, 1, list, qos, options, properties)
    }
}

/// Subscribes with several filters in one packet.
@c(mosquitto_subscribe_multiple) @implementation
public func mosquitto_subscribe_multiple(
    _ mosq: OpaquePointer!,
    _ mid: UnsafeMutablePointer<CInt>!,
    _ sub_count: CInt,
    _ sub: UnsafePointer<UnsafeMutablePointer<CChar>?>!,
    _ qos: CInt,
    _ options: CInt,
    _ properties: OpaquePointer!
) -> CInt {
    subscribe(mosq, mid, sub_count, sub, qos, options, properties)
}

private func subscribe(
    _ mosq: OpaquePointer?,
    _ mid: UnsafeMutablePointer<CInt>?,
    _ count: CInt,
    _ list: FilterList?,
    _ qos: CInt,
    _ options: CInt,
    _ properties: OpaquePointer?
) -> CInt {
    guard let handle = ClientHandle.of(mosq), list != nil, count > 0 else {
        return ResultCode.invalid
    }
    let isV5 = handle.set { $0.isV5 }
    if properties != nil, !isV5 { return ResultCode.notSupported }
    guard let qos = UInt8(exactly: qos), qos <= 2, options & 0x30 != 0x30,
        options & ~0x3F == 0
    else { return ResultCode.invalid }
    guard handle.locked({ $0.isUnderWay }) else { return ResultCode.notConnected }
    let encoded: [UInt8]
    switch PropertyArguments(properties, for: CMD_SUBSCRIBE, isV5: isV5) {
    case .wrong(let code): return code
    case .encoded(let bytes): encoded = bytes
    }
    switch FilterArguments(list, count: count) {
    case .wrong(let code): return code
    case .filters(let filters):
        let bits = (isV5 ? UInt8(truncatingIfNeeded: options) & 0x3C : 0) | qos
        let requests = filters.map { ($0, SubscriptionOptions(rawValue: bits)) }
        let (code, identifier) = handle.perform {
            $0.subscribe(requests, properties: encoded)
        }
        if let mid, code == ResultCode.success { mid.pointee = CInt(identifier) }
        return code
    }
}

/// Ends a subscription.
@c(mosquitto_unsubscribe) @implementation
public func mosquitto_unsubscribe(
    _ mosq: OpaquePointer!,
    _ mid: UnsafeMutablePointer<CInt>!,
    _ sub: UnsafePointer<CChar>!
) -> CInt {
    mosquitto_unsubscribe_v5(mosq, mid, sub, nil)
}

/// Ends a subscription, with properties.
@c(mosquitto_unsubscribe_v5) @implementation
public func mosquitto_unsubscribe_v5(
    _ mosq: OpaquePointer!,
    _ mid: UnsafeMutablePointer<CInt>!,
    _ sub: UnsafePointer<CChar>!,
    _ properties: OpaquePointer!
) -> CInt {
    FilterArguments.withOne(sub) { list in unsubscribe(mosq, mid, 1, list, properties) }
}

/// Ends several subscriptions with one packet.
@c(mosquitto_unsubscribe_multiple) @implementation
public func mosquitto_unsubscribe_multiple(
    _ mosq: OpaquePointer!,
    _ mid: UnsafeMutablePointer<CInt>!,
    _ sub_count: CInt,
    _ sub: UnsafePointer<UnsafeMutablePointer<CChar>?>!,
    _ properties: OpaquePointer!
) -> CInt {
    unsubscribe(mosq, mid, sub_count, sub, properties)
}

private func unsubscribe(
    _ mosq: OpaquePointer?,
    _ mid: UnsafeMutablePointer<CInt>?,
    _ count: CInt,
    _ list: FilterList?,
    _ properties: OpaquePointer?
) -> CInt {
    guard let handle = ClientHandle.of(mosq), list != nil, count > 0 else {
        return ResultCode.invalid
    }
    let isV5 = handle.set { $0.isV5 }
    if properties != nil, !isV5 { return ResultCode.notSupported }
    guard handle.locked({ $0.isUnderWay }) else { return ResultCode.notConnected }
    let encoded: [UInt8]
    switch PropertyArguments(properties, for: CMD_UNSUBSCRIBE, isV5: isV5) {
    case .wrong(let code): return code
    case .encoded(let bytes): encoded = bytes
    }
    switch FilterArguments(list, count: count) {
    case .wrong(let code): return code
    case .filters(let filters):
        let (code, identifier) = handle.perform {
            $0.unsubscribe(filters, properties: encoded)
        }
        if let mid, code == ResultCode.success { mid.pointee = CInt(identifier) }
        return code
    }
}
