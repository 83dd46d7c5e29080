// SPDX-License-Identifier: Apache-2.0
// mosquitto/libcommon_string.h: texts for numbers and numbers for texts.

import CMosquitto
import Glibc

/// The text of a `MOSQ_ERR_*` value.
@c(mosquitto_strerror) @implementation
public func mosquitto_strerror(_ mosq_errno: CInt) -> UnsafePointer<CChar>! {
    if mosq_errno == ResultCode.systemError { return UnsafePointer(strerror(errno)) }
    return (errorText(mosq_errno) ?? protocolErrorText(mosq_errno)).cString
}

/// The text of a CONNACK return code of MQTT 3.x.
@c(mosquitto_connack_string) @implementation
public func mosquitto_connack_string(_ connack_code: CInt) -> UnsafePointer<CChar>! {
    let text: StaticString =
        switch connack_code {
        case 0: "Connection Accepted"
        case 1: "Connection Refused: unacceptable protocol version"
        case 2: "Connection Refused: identifier rejected"
        case 3: "Connection Refused: broker unavailable"
        case 4: "Connection Refused: bad user name or password"
        case 5: "Connection Refused: not authorised"
        default: "Connection Refused: unknown reason"
        }
    return text.cString
}

/// The text of a reason code of MQTT 5.0.
@c(mosquitto_reason_string) @implementation
public func mosquitto_reason_string(_ reason_code: CInt) -> UnsafePointer<CChar>! {
    reasonText(reason_code).cString
}

/// The `CMD_*` number of a packet name.
@c(mosquitto_string_to_command) @implementation
public func mosquitto_string_to_command(
    _ str: UnsafePointer<CChar>!,
    _ cmd: UnsafeMutablePointer<CInt>!
) -> CInt {
    guard let cmd: UnsafeMutablePointer<CInt> = cmd else { return ResultCode.invalid }
    cmd.pointee = 0
    guard let str: UnsafePointer<CChar> = str,
        let found = commands.first(where: { strcasecmp($0.name.cString, str) == 0 })
    else { return ResultCode.invalid }
    cmd.pointee = found.number
    return ResultCode.success
}

private let commands: [(name: StaticString, number: CInt)] = [
    ("connect", 0x10), ("connack", 0x20), ("publish", 0x30), ("puback", 0x40), ("pubrec", 0x50),
    ("pubrel", 0x60), ("pubcomp", 0x70), ("subscribe", 0x80), ("suback", 0x90),
    ("unsubscribe", 0xA0), ("unsuback", 0xB0), ("disconnect", 0xE0), ("auth", 0xF0),
    ("will", 0x100),
]

/// Texts of the values below 128.
private func errorText(_ code: CInt) -> StaticString? {
    switch code {
    case -6: "Quota exceeded"
    case -5: "Authentication delayed"
    case -4: "Continue with authentication"
    case -3: "No subscribers"
    case -2: "Subscription already exists"
    case -1: "Connection pending"
    case 0: "No error"
    case 1: "Out of memory"
    case 2: "A network protocol error occurred when communicating with the broker"
    case 3: "Invalid input"
    case 4: "The client is not currently connected"
    case 5: "The connection was refused"
    case 6: "Message not found (internal error)"
    case 7: "The connection was lost"
    case 8: "A TLS error occurred"
    case 9: "Payload too large"
    case 10: "This feature is not supported"
    case 11: "Authorisation failed"
    case 12: "Access denied by ACL"
    case 13: "Unknown error"
    case 15: "Lookup error"
    case 16: "Proxy error"
    case 17: "Plugin deferring result"
    case 18: "Malformed UTF-8"
    case 19: "Keepalive exceeded"
    case 20: "DNS Lookup failed"
    case 21: "Malformed packet"
    case 22: "Duplicate property in property list"
    case 23: "TLS handshake failed"
    case 24: "Requested QoS not supported on server"
    case 25: "Packet larger than supported by the server"
    case 26: "OCSP error"
    case 27: "Timeout"
    case 31: "Entry already exists"
    case 32: "Ignore plugin"
    case 33: "Bad http origin"
    default: nil
    }
}

/// Texts of the values that equal a reason code; some differ from the reason's own text, the
/// misspelt one on purpose: log parsers compare it.
private func protocolErrorText(_ code: CInt) -> StaticString {
    switch code {
    case ..<128: "Unknown error"
    case 131: "Implementaion specific error"
    case 133: "Client identifier not valid"
    case 134: "Bad username or password"
    case 147: "Receive maximum exceeded"
    case 148: "Topic alias invalid"
    case 152: "Administrative action"
    default: reasonText(code)
    }
}

/// Texts of reason codes [MQTT5 section 2.4].
private func reasonText(_ code: CInt) -> StaticString {
    switch code {
    case 0: "Success"
    case 1: "Granted QoS 1"
    case 2: "Granted QoS 2"
    case 4: "Disconnect with Will Message"
    case 16: "No matching subscribers"
    case 17: "No subscription existed"
    case 24: "Continue authentication"
    case 25: "Re-authenticate"
    case 128...162: refusalTexts[Int(code) - 128]
    default: "Unknown reason"
    }
}

/// Texts of the reason codes 128 to 162, in order.
private let refusalTexts: [StaticString] = [
    "Unspecified error", "Malformed Packet", "Protocol Error", "Implementation specific error",
    "Unsupported Protocol Version", "Client Identifier not valid", "Bad User Name or Password",
    "Not authorized", "Server unavailable", "Server busy", "Banned", "Server shutting down",
    "Bad authentication method", "Keep Alive timeout", "Session taken over",
    "Topic Filter invalid", "Topic Name invalid", "Packet Identifier in use",
    "Packet Identifier not found", "Receive Maximum exceeded", "Topic Alias invalid",
    "Packet too large", "Message rate too high", "Quota exceeded", "Administrative action",
    "Payload format invalid", "Retain not supported", "QoS not supported", "Use another server",
    "Server moved", "Shared Subscriptions not supported", "Connection rate exceeded",
    "Maximum connect time", "Subscription identifiers not supported",
    "Wildcard Subscriptions not supported",
]
