// SPDX-License-Identifier: Apache-2.0
// mosquitto/libcommon_string.h: texts for numbers and numbers for texts.

import CMosquitto
import Glibc
import Results

/// The text of a `MOSQ_ERR_*` value.
@c(mosquitto_strerror) @implementation
public func mosquitto_strerror(_ mosq_errno: CInt) -> UnsafePointer<CChar>! {
    if mosq_errno == ResultCode.systemError { return UnsafePointer(strerror(errno)) }
    return ResultCode.text(of: mosq_errno).cString
}

/// The text of a CONNACK return code of MQTT 3.x.
@c(mosquitto_connack_string) @implementation
public func mosquitto_connack_string(_ connack_code: CInt) -> UnsafePointer<CChar>! {
    ReasonText.connack(connack_code).cString
}

/// The text of a reason code of MQTT 5.0.
@c(mosquitto_reason_string) @implementation
public func mosquitto_reason_string(_ reason_code: CInt) -> UnsafePointer<CChar>! {
    ReasonText.text(of: reason_code).cString
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
