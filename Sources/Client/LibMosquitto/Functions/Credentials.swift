// SPDX-License-Identifier: Apache-2.0
// mosquitto/libmosquitto_auth.h and _will.h: who the client is, and what it leaves.

import CMosquitto
import CommonLibrary
import Glibc
import Results
import TopicRules

/// Sets user name and password.
@c(mosquitto_username_pw_set) @implementation
public func mosquitto_username_pw_set(
    _ mosq: OpaquePointer!,
    _ username: UnsafePointer<CChar>!,
    _ password: UnsafePointer<CChar>!
) -> CInt {
    guard let handle = ClientHandle.of(mosq) else { return ResultCode.invalid }
    if username == nil, password != nil, !handle.set({ $0.isV5 }) { return ResultCode.invalid }
    let name = username.map { bytes(of: $0) }
    let word = password.map { bytes(of: $0) }
    guard (name?.count ?? 0) <= 65_535, (word?.count ?? 0) <= 65_535 else {
        return ResultCode.invalid
    }
    if let name, !isAcceptableUTF8(name) { return ResultCode.malformedUTF8 }
    let userName = name.map { String(decoding: $0, as: UTF8.self) }
    let secret = word.map { Array($0) }
    handle.set { settings in
        settings.userName = userName
        settings.password = secret
    }
    return ResultCode.success
}

/// Answers a step of extended authentication.
@c(mosquitto_ext_auth_continue) @implementation
public func mosquitto_ext_auth_continue(
    _ mosq: OpaquePointer!,
    _ auth_method: UnsafePointer<CChar>!,
    _ auth_data_len: UInt16,
    _ auth_data: UnsafeRawPointer!,
    _ properties: OpaquePointer!
) -> CInt {
    guard let handle = ClientHandle.of(mosq), handle.set({ $0.isV5 }),
        let method: UnsafePointer<CChar> = auth_method
    else { return ResultCode.protocolError }
    let data = auth_data_len > 0 ? auth_data : nil
    let bytes = data.map { Array(UnsafeRawBufferPointer(start: $0, count: Int(auth_data_len))) }
    let name = String(cString: method)
    switch PropertyArguments(properties, for: CMD_AUTH, isV5: true) {
    case .wrong(let code): return code
    case .encoded(let encoded):
        return handle.perform { $0.answer(name, bytes, properties: encoded) }
    }
}

/// Sets what the server publishes when the client is lost.
@c(mosquitto_will_set) @implementation
public func mosquitto_will_set(
    _ mosq: OpaquePointer!,
    _ topic: UnsafePointer<CChar>!,
    _ payloadlen: CInt,
    _ payload: UnsafeRawPointer!,
    _ qos: CInt,
    _ retain: Bool
) -> CInt {
    mosquitto_will_set_v5(mosq, topic, payloadlen, payload, qos, retain, nil)
}

/// The same with properties, which belong to the library from then on.
@c(mosquitto_will_set_v5) @implementation
public func mosquitto_will_set_v5(
    _ mosq: OpaquePointer!,
    _ topic: UnsafePointer<CChar>!,
    _ payloadlen: CInt,
    _ payload: UnsafeRawPointer!,
    _ qos: CInt,
    _ retain: Bool,
    _ properties: OpaquePointer!
) -> CInt {
    guard let handle = ClientHandle.of(mosq) else { return ResultCode.invalid }
    let encoded: [UInt8]
    switch PropertyArguments(properties, for: UInt32(CMD_WILL), isV5: true) {
    case .wrong(let code): return code
    case .encoded(let bytes): encoded = bytes
    }
    guard let topic: UnsafePointer<CChar> = topic, let qos = UInt8(exactly: qos), qos <= 2 else {
        return ResultCode.invalid
    }
    // The length of a will's payload has two bytes (5.0 section 3.1.3.4).
    guard let count = UInt16(exactly: payloadlen) else { return ResultCode.payloadSize }
    guard count == 0 || payload != nil else { return ResultCode.invalid }
    let name = bytes(of: topic)
    guard !name.isEmpty, TopicRules.isName(Span(_bytes: name.bytes)) else {
        return ResultCode.invalid
    }
    guard isAcceptableUTF8(name) else { return ResultCode.malformedUTF8 }
    if properties != nil, !handle.set({ $0.isV5 }) { return ResultCode.notSupported }
    let will = ClientSettings.Will(
        topic: Array(name),
        payload: Array(UnsafeRawBufferPointer(start: payload, count: Int(count))),
        qos: qos,
        isRetained: retain,
        properties: encoded
    )
    handle.set { $0.will = will }
    var list = properties
    mosquitto_property_free_all(&list)
    return ResultCode.success
}

/// Takes the will away.
@c(mosquitto_will_clear) @implementation
public func mosquitto_will_clear(_ mosq: OpaquePointer!) -> CInt {
    guard let handle = ClientHandle.of(mosq) else { return ResultCode.invalid }
    handle.set { $0.will = nil }
    return ResultCode.success
}
