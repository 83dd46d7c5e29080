// SPDX-License-Identifier: Apache-2.0
// mosquitto/libmosquitto_message.h: copying and freeing messages.

public import CMosquitto
import Glibc
import Results

/// Copies a message with all it holds.
@c(mosquitto_message_copy) @implementation
public func mosquitto_message_copy(
    _ dst: UnsafeMutablePointer<mosquitto_message>!,
    _ src: UnsafePointer<mosquitto_message>!
) -> CInt {
    guard let dst: UnsafeMutablePointer<mosquitto_message> = dst,
        let src: UnsafePointer<mosquitto_message> = src, let topic = src.pointee.topic
    else { return ResultCode.invalid }
    let payload = UnsafeRawBufferPointer(
        start: src.pointee.payload,
        count: src.pointee.payload == nil ? 0 : max(0, Int(src.pointee.payloadlen))
    )
    guard
        let copy = Notice.makeMessage(
            mid: UInt16(truncatingIfNeeded: src.pointee.mid),
            topic: UnsafeRawBufferPointer(start: topic, count: strlen(topic)),
            payload: payload,
            qos: UInt8(truncatingIfNeeded: src.pointee.qos),
            isRetained: src.pointee.retain
        )
    else { return ResultCode.noMemory }
    dst.pointee = copy.pointee
    free(copy)
    return ResultCode.success
}

/// Frees a message and what it holds.
@c(mosquitto_message_free) @implementation
public func mosquitto_message_free(
    _ message: UnsafeMutablePointer<UnsafeMutablePointer<mosquitto_message>?>!
) {
    guard let message: UnsafeMutablePointer<UnsafeMutablePointer<mosquitto_message>?> = message,
        let found = message.pointee
    else { return }
    mosquitto_message_free_contents(found)
    free(found)
    message.pointee = nil
}

/// Frees what a message holds.
@c(mosquitto_message_free_contents) @implementation
public func mosquitto_message_free_contents(_ message: UnsafeMutablePointer<mosquitto_message>!) {
    guard let message: UnsafeMutablePointer<mosquitto_message> = message else { return }
    free(message.pointee.topic)
    free(message.pointee.payload)
    message.pointee.topic = nil
    message.pointee.payload = nil
}
