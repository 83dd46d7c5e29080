// SPDX-License-Identifier: Apache-2.0
// mosquitto/libmosquitto_publish.h: publishing messages.

import CMosquitto
import Glibc
import Results

/// Publishes a message.
@c(mosquitto_publish) @implementation
public func mosquitto_publish(
    _ mosq: OpaquePointer!,
    _ mid: UnsafeMutablePointer<CInt>!,
    _ topic: UnsafePointer<CChar>!,
    _ payloadlen: CInt,
    _ payload: UnsafeRawPointer!,
    _ qos: CInt,
    _ retain: Bool
) -> CInt {
    mosquitto_publish_v5(mosq, mid, topic, payloadlen, payload, qos, retain, nil)
}

/// Publishes a message, with properties.
@c(mosquitto_publish_v5) @implementation
public func mosquitto_publish_v5(
    _ mosq: OpaquePointer!,
    _ mid: UnsafeMutablePointer<CInt>!,
    _ topic: UnsafePointer<CChar>!,
    _ payloadlen: CInt,
    _ payload: UnsafeRawPointer!,
    _ qos: CInt,
    _ retain: Bool,
    _ properties: OpaquePointer!
) -> CInt {
    guard let handle = ClientHandle.of(mosq), let qos = UInt8(exactly: qos), qos <= 2 else {
        return ResultCode.invalid
    }
    let message = HandedMessage(
        topic: topic.map { UnsafeRawBufferPointer(start: $0, count: strlen($0)) },
        payload: payload,
        payloadLength: payloadlen,
        qos: qos,
        isRetained: retain,
        properties: properties
    )
    return handle.perform { session in
        let (code, identifier) = session.publish(message)
        // Set before the program is told that the message is out.
        if let mid: UnsafeMutablePointer<CInt> = mid, let identifier {
            mid.pointee = CInt(identifier)
        }
        return code
    }
}
