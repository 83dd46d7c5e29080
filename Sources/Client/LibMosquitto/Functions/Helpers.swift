// SPDX-License-Identifier: Apache-2.0
// mosquitto/libmosquitto_helpers.h: a few messages with one call.

public import CMosquitto
import CommonLibrary
import Glibc
import Results

/// What a helper hands each message to; anything but 0 ends it.
private typealias TakeMessage =
    @convention(c) (
        OpaquePointer?, UnsafeMutableRawPointer?, UnsafePointer<mosquitto_message>?
    ) -> CInt

/// What a helper that is under way knows.
private final class HelperCall {
    let take: TakeMessage
    let userData: UnsafeMutableRawPointer?
    let topic: UnsafePointer<CChar>
    let qos: CInt
    /// Whether the server has refused the client.
    var isRefused = false

    init(
        _ take: TakeMessage,
        _ userData: UnsafeMutableRawPointer?,
        _ topic: UnsafePointer<CChar>,
        _ qos: CInt
    ) {
        self.take = take
        self.userData = userData
        self.topic = topic
        self.qos = qos
    }

    static func of(_ pointer: UnsafeMutableRawPointer?) -> HelperCall? {
        pointer.map { Unmanaged<HelperCall>.fromOpaque($0).takeUnretainedValue() }
    }
}

/// Hands each message of a subscription to a function until that has enough.
@c(mosquitto_subscribe_callback) @implementation
public func mosquitto_subscribe_callback(
    _ callback: (
        @convention(c) (
            OpaquePointer?, UnsafeMutableRawPointer?, UnsafePointer<mosquitto_message>?
        ) -> CInt
    )!,
    _ userdata: UnsafeMutableRawPointer!,
    _ topic: UnsafePointer<CChar>!,
    _ qos: CInt,
    _ host: UnsafePointer<CChar>!,
    _ port: CInt,
    _ client_id: UnsafePointer<CChar>!,
    _ keepalive: CInt,
    _ clean_session: Bool,
    _ username: UnsafePointer<CChar>!,
    _ password: UnsafePointer<CChar>!,
    _ will: UnsafePointer<libmosquitto_will>!,
    _ tls: UnsafePointer<libmosquitto_tls>!
) -> CInt {
    guard let callback, let topic: UnsafePointer<CChar> = topic else { return ResultCode.invalid }
    let call = HelperCall(callback, userdata, topic, qos)
    let object = Unmanaged.passUnretained(call).toOpaque()
    guard let mosq = mosquitto_new(client_id, clean_session, object) else {
        return ResultCode.noMemory
    }
    defer { mosquitto_destroy(mosq) }
    let code = prepare(mosq, username, password, will, tls)
    guard code == ResultCode.success else { return code }
    mosquitto_connect_callback_set(mosq) { mosq, object, code in
        guard let call = HelperCall.of(object) else { return }
        // A server that refuses once does so again.
        if code != 0 {
            call.isRefused = true
            _ = mosquitto_disconnect(mosq)
        } else {
            _ = mosquitto_subscribe(mosq, nil, call.topic, call.qos)
        }
    }
    mosquitto_message_callback_set(mosq) { mosq, object, message in
        guard let call = HelperCall.of(object) else { return }
        if call.take(mosq, call.userData, message) != 0 { _ = mosquitto_disconnect(mosq) }
    }
    let connected = mosquitto_connect(mosq, host, port, keepalive)
    guard connected == ResultCode.success else { return connected }
    let ended = mosquitto_loop_forever(mosq, -1, 1)
    return call.isRefused ? ResultCode.connectionRefused : ended
}

/// Applies what the helpers are given besides.
private func prepare(
    _ mosq: OpaquePointer,
    _ userName: UnsafePointer<CChar>?,
    _ password: UnsafePointer<CChar>?,
    _ will: UnsafePointer<libmosquitto_will>?,
    _ tls: UnsafePointer<libmosquitto_tls>?
) -> CInt {
    if let will = will?.pointee {
        let code = mosquitto_will_set(
            mosq,
            will.topic,
            will.payloadlen,
            will.payload,
            will.qos,
            will.retain
        )
        guard code == ResultCode.success else { return code }
    }
    if userName != nil {
        let code = mosquitto_username_pw_set(mosq, userName, password)
        guard code == ResultCode.success else { return code }
    }
    guard let tls = tls?.pointee else { return ResultCode.success }
    let code = mosquitto_tls_set(
        mosq,
        tls.cafile,
        tls.capath,
        tls.certfile,
        tls.keyfile,
        tls.pw_callback
    )
    guard code == ResultCode.success else { return code }
    return mosquitto_tls_opts_set(mosq, tls.cert_reqs, tls.tls_version, tls.ciphers)
}

/// The messages that `mosquitto_subscribe_simple` collects.
private final class Collection {
    let messages: UnsafeMutablePointer<mosquitto_message>
    let wanted: CInt
    let wantsRetained: Bool
    var count: CInt = 0
    var code = ResultCode.success

    init(
        _ messages: UnsafeMutablePointer<mosquitto_message>,
        _ wanted: CInt,
        wantsRetained: Bool
    ) {
        self.messages = messages
        self.wanted = wanted
        self.wantsRetained = wantsRetained
    }

    /// Takes a message; returns whether there are enough.
    func take(_ message: UnsafePointer<mosquitto_message>) -> Bool {
        if message.pointee.retain, !wantsRetained { return false }
        code = mosquitto_message_copy(messages + Int(count), message)
        if code != ResultCode.success { return true }
        count += 1
        return count == wanted
    }
}

/// Waits for some messages of a subscription.
@c(mosquitto_subscribe_simple) @implementation
public func mosquitto_subscribe_simple(
    _ messages: UnsafeMutablePointer<UnsafeMutablePointer<mosquitto_message>?>!,
    _ msg_count: CInt,
    _ want_retained: Bool,
    _ topic: UnsafePointer<CChar>!,
    _ qos: CInt,
    _ host: UnsafePointer<CChar>!,
    _ port: CInt,
    _ client_id: UnsafePointer<CChar>!,
    _ keepalive: CInt,
    _ clean_session: Bool,
    _ username: UnsafePointer<CChar>!,
    _ password: UnsafePointer<CChar>!,
    _ will: UnsafePointer<libmosquitto_will>!,
    _ tls: UnsafePointer<libmosquitto_tls>!
) -> CInt {
    guard topic != nil,
        let messages: UnsafeMutablePointer<UnsafeMutablePointer<mosquitto_message>?> = messages,
        msg_count >= 1
    else { return ResultCode.invalid }
    messages.pointee = nil
    guard let block = calloc(Int(msg_count), MemoryLayout<mosquitto_message>.stride) else {
        return ResultCode.noMemory
    }
    let array = block.bindMemory(to: mosquitto_message.self, capacity: Int(msg_count))
    let collection = Collection(array, msg_count, wantsRetained: want_retained)
    let code = withExtendedLifetime(collection) {
        mosquitto_subscribe_callback(
            { _, object, message in
                guard let object, let message else { return 1 }
                let collection = Unmanaged<Collection>.fromOpaque(object).takeUnretainedValue()
                return collection.take(message) ? 1 : 0
            },
            Unmanaged.passUnretained(collection).toOpaque(),
            topic,
            qos,
            host,
            port,
            client_id,
            keepalive,
            clean_session,
            username,
            password,
            will,
            tls
        )
    }
    let failure = code == ResultCode.success ? collection.code : code
    if failure == ResultCode.success, collection.count == msg_count {
        messages.pointee = array
        return ResultCode.success
    }
    let cause = errno
    for index in 0..<Int(collection.count) { mosquitto_message_free_contents(array + index) }
    free(array)
    errno = cause
    return failure == ResultCode.success ? ResultCode.connectionRefused : failure
}
