// SPDX-License-Identifier: Apache-2.0
// mosquitto/libmosquitto_options.h: options by number.

public import CMosquitto
import CommonLibrary
import Glibc
import MQTTClient
import Net
import Results

/// Sets an option through a pointer.
@c(mosquitto_opts_set) @implementation
public func mosquitto_opts_set(
    _ mosq: OpaquePointer!,
    _ option: mosq_opt_t,
    _ value: UnsafeMutableRawPointer!
) -> CInt {
    switch option {
    case MOSQ_OPT_PROTOCOL_VERSION:
        guard let value: UnsafeMutableRawPointer = value else { return ResultCode.invalid }
        return mosquitto_int_option(mosq, option, value.loadUnaligned(as: CInt.self))
    case MOSQ_OPT_SSL_CTX: return mosquitto_void_option(mosq, option, value)
    default: return ResultCode.invalid
    }
}

/// Sets an option that is a number.
@c(mosquitto_int_option) @implementation
public func mosquitto_int_option(
    _ mosq: OpaquePointer!,
    _ option: mosq_opt_t,
    _ value: CInt
) -> CInt {
    guard let handle = ClientHandle.of(mosq) else { return ResultCode.invalid }
    return handle.set { $0.setNumber(option, value) }
}

extension ClientSettings {
    fileprivate mutating func setNumber(_ option: mosq_opt_t, _ value: CInt) -> CInt {
        let isOn = value != 0
        // 0 stands for all there can be.
        let window = value == 0 ? 65_535 : UInt16(exactly: value)
        switch option {
        case MOSQ_OPT_PROTOCOL_VERSION:
            switch value {
            case MQTT_PROTOCOL_V31: version = .v31
            case MQTT_PROTOCOL_V311: version = .v311
            case MQTT_PROTOCOL_V5: version = .v5
            default: return ResultCode.invalid
            }
        case MOSQ_OPT_SSL_CTX_WITH_DEFAULTS: tls.appliesDefaults = isOn
        case MOSQ_OPT_RECEIVE_MAXIMUM:
            guard let window else { return ResultCode.invalid }
            receiveMaximum = window
        case MOSQ_OPT_SEND_MAXIMUM:
            guard let window else { return ResultCode.invalid }
            sendMaximum = Int(window)
        case MOSQ_OPT_TLS_OCSP_REQUIRED: tls.requiresStatus = isOn
        case MOSQ_OPT_TLS_USE_OS_CERTS: tls.trustsSystem = isOn
        case MOSQ_OPT_TRANSPORT:
            switch mosq_transport_t(UInt32(bitPattern: value)) {
            case MOSQ_T_TCP: isWebSocket = false
            case MOSQ_T_WEBSOCKETS: isWebSocket = true
            default: return ResultCode.invalid
            }
        case MOSQ_OPT_HTTP_HEADER_SIZE:
            guard value >= 100 else { return ResultCode.invalid }
            webSocketHeaderMax = Int(value)
        case MOSQ_OPT_QUEUED_MAXIMUM:
            guard value >= 0 else { return ResultCode.invalid }
            queuedMaximum = value == 0 ? .max : Int(value)
        case MOSQ_OPT_QUEUED_BYTES_MAXIMUM:
            guard value >= 0 else { return ResultCode.invalid }
            queuedBytesMaximum = value == 0 ? .max : Int(value)
        case MOSQ_OPT_TCP_NODELAY, MOSQ_OPT_DISABLE_SOCKETPAIR: break
        default: return ResultCode.invalid
        }
        return ResultCode.success
    }
}

/// Sets an option that is a string.
@c(mosquitto_string_option) @implementation
public func mosquitto_string_option(
    _ mosq: OpaquePointer!,
    _ option: mosq_opt_t,
    _ value: UnsafePointer<CChar>!
) -> CInt {
    guard let handle = ClientHandle.of(mosq) else { return ResultCode.invalid }
    let text = value.map { String(cString: $0) }
    switch option {
    case MOSQ_OPT_TLS_KEYFORM, MOSQ_OPT_TLS_ENGINE, MOSQ_OPT_TLS_ENGINE_KPASS_SHA1:
        return ResultCode.notSupported
    case MOSQ_OPT_TLS_ALPN:
        guard (text?.utf8.count ?? 1) > 0, (text?.utf8.count ?? 1) <= 254 else {
            return ResultCode.invalid
        }
        handle.set { $0.tls.applicationProtocol = text }
    case MOSQ_OPT_BIND_ADDRESS: handle.set { $0.bindAddress = text }
    case MOSQ_OPT_HTTP_PATH: handle.set { $0.webSocketPath = text ?? "/mqtt" }
    default: return ResultCode.invalid
    }
    return ResultCode.success
}

/// Sets an option that is a pointer.
@c(mosquitto_void_option) @implementation
public func mosquitto_void_option(
    _ mosq: OpaquePointer!,
    _ option: mosq_opt_t,
    _ value: UnsafeMutableRawPointer!
) -> CInt {
    guard let handle = ClientHandle.of(mosq), option == MOSQ_OPT_SSL_CTX else {
        return ResultCode.invalid
    }
    guard let value: UnsafeMutableRawPointer = value else {
        handle.set { $0.tls.context = nil }
        return ResultCode.success
    }
    guard let context = BorrowedTLSContext(OpaquePointer(value)) else { return ResultCode.noMemory }
    handle.set { $0.tls.context = context }
    return ResultCode.success
}

/// Sets the pauses before connecting again.
@c(mosquitto_reconnect_delay_set) @implementation
public func mosquitto_reconnect_delay_set(
    _ mosq: OpaquePointer!,
    _ reconnect_delay: CUnsignedInt,
    _ reconnect_delay_max: CUnsignedInt,
    _ reconnect_exponential_backoff: Bool
) -> CInt {
    guard let handle = ClientHandle.of(mosq) else { return ResultCode.invalid }
    handle.set {
        $0.pauses = ClientSettings.Pauses(
            first: reconnect_delay,
            longest: reconnect_delay_max,
            isExponential: reconnect_exponential_backoff
        )
    }
    return ResultCode.success
}

/// Sets how many messages may be under way.
@c(mosquitto_max_inflight_messages_set) @implementation
public func mosquitto_max_inflight_messages_set(
    _ mosq: OpaquePointer!,
    _ max_inflight_messages: CUnsignedInt
) -> CInt {
    guard let count = CInt(exactly: max_inflight_messages) else { return ResultCode.invalid }
    return mosquitto_int_option(mosq, MOSQ_OPT_SEND_MAXIMUM, count)
}

/// Messages are sent again after reconnecting only.
@c(mosquitto_message_retry_set) @implementation
public func mosquitto_message_retry_set(_ mosq: OpaquePointer!, _ message_retry: CUnsignedInt) {}
