// SPDX-License-Identifier: Apache-2.0
// mosquitto/libmosquitto_publish.h: publishing messages.

import CBrokerShims
import CMosquitto
import ClientMachine
import CommonLibrary
import Glibc
import MQTT
import MQTTClient
import Results
import TopicRules

/// The longest payload [MQTT-1.5.5-1].
let payloadLengthMax: CInt = 268_435_455

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
    let (isV5, limits) = handle.locked { ($0.settings.isV5, $0.driver?.serverLimits) }
    if properties != nil, !isV5 { return ResultCode.notSupported }
    if let limits, qos > limits.maximumQoS { return ResultCode.qosNotSupported }
    let encoded: [UInt8]
    switch PropertyArguments(properties, for: CMD_PUBLISH, isV5: isV5) {
    case .wrong(let code): return code
    case .encoded(let bytes): encoded = bytes
    }
    let name = topic.map { UnsafeRawBufferPointer(start: $0, count: strlen($0)) }
    let code = check(name, mayBeEmpty: PropertyList(properties).contains { $0.isTopicAlias })
    if code == ResultCode.malformedUTF8 || name.map(\.isEmpty) ?? true,
        code != ResultCode.success
    {
        return code
    }
    guard payloadlen >= 0, payloadlen <= payloadLengthMax else { return ResultCode.payloadSize }
    guard code == ResultCode.success else { return code }
    guard payloadlen == 0 || payload != nil else { return ResultCode.invalid }
    let bytes = UnsafeRawBufferPointer(start: payload, count: Int(payloadlen))
    let count =
        2 + (name?.count ?? 0) + bytes.count + (qos > 0 ? 2 : 0)
        + (isV5 ? VariableByteInteger.length(encoded.count) + encoded.count : 0)
    if let limits, 1 + VariableByteInteger.length(count) + count > limits.maximumPacketSize {
        return ResultCode.oversizePacket
    }
    // Set before the program is told that the message is out.
    return handle.perform { session in
        let (code, identifier) = session.publish(
            topic: name ?? UnsafeRawBufferPointer(start: nil, count: 0),
            payload: bytes,
            qos: qos,
            isRetained: retain,
            properties: encoded
        )
        if let mid: UnsafeMutablePointer<CInt> = mid { mid.pointee = CInt(identifier) }
        return code
    }
}

/// Whether messages may be published to a topic; empty where an alias stands for it.
private func check(_ topic: UnsafeRawBufferPointer?, mayBeEmpty: Bool) -> CInt {
    guard let topic, !topic.isEmpty else {
        return mayBeEmpty ? ResultCode.success : ResultCode.invalid
    }
    guard isAcceptableUTF8(topic) else { return ResultCode.malformedUTF8 }
    return TopicRules.isName(Span(_bytes: topic.bytes)) ? ResultCode.success : ResultCode.invalid
}

extension PropertyNode {
    /// Whether the property gives the topic's alias.
    fileprivate var isTopicAlias: Bool {
        pointee.identifier == CInt(MQTT_PROP_TOPIC_ALIAS.rawValue)
    }
}
