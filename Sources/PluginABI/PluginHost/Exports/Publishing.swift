// SPDX-License-Identifier: Apache-2.0
// mosquitto/broker_publish.h: publishing and subscribing from within the broker.

public import CMosquitto
import CommonLibrary
import Core
import Glibc
import Inflight
import MQTT
import Results
import TopicRules

/// Publishes; the payload becomes the broker's when the result is 0.
@c(mosquitto_broker_publish) @implementation
public func mosquitto_broker_publish(
    _ clientid: UnsafePointer<CChar>!,
    _ topic: UnsafePointer<CChar>!,
    _ payloadlen: CInt,
    _ payload: UnsafeMutableRawPointer!,
    _ qos: CInt,
    _ retain: Bool,
    _ properties: OpaquePointer!
) -> CInt {
    let code = mosquitto_broker_publish_copy(
        clientid,
        topic,
        payloadlen,
        payload,
        qos,
        retain,
        properties
    )
    if code == ResultCode.success { mosquitto_free(payload) }
    return code
}

/// Publishes; the payload is copied.
@c(mosquitto_broker_publish_copy) @implementation
public func mosquitto_broker_publish_copy(
    _ clientid: UnsafePointer<CChar>!,
    _ topic: UnsafePointer<CChar>!,
    _ payloadlen: CInt,
    _ payload: UnsafeRawPointer!,
    _ qos: CInt,
    _ retain: Bool,
    _ properties: OpaquePointer!
) -> CInt {
    let start: UnsafeRawPointer? = payload
    guard let topic: UnsafePointer<CChar> = topic,
        (0...CInt(VariableByteInteger.max)).contains(payloadlen),
        payloadlen == 0 || start != nil, (0...2).contains(qos),
        let host = CurrentHost.services
    else { return ResultCode.invalid }
    let topicBytes = Array(bytes(of: topic))
    guard isValidTopicName(topicBytes) else { return ResultCode.invalid }
    host.waitForRoom()
    var list: OpaquePointer? = properties
    let encoded = PropertyBridge.encode(list)
    mosquitto_property_free_all(&list)
    let publication = PluginPublication(
        topic: topicBytes,
        payload: Array(UnsafeRawBufferPointer(start: start, count: Int(payloadlen))),
        qos: UInt8(qos),
        isRetained: retain,
        properties: encoded.bytes,
        messageExpiryInterval: encoded.messageExpiryInterval
    )
    let receiver: UnsafePointer<CChar>? = clientid
    host.publish(publication, to: receiver.map { String(cString: $0) })
    return ResultCode.success
}

/// A filter without its share name, and that name.
private func parts(of filter: UnsafePointer<CChar>) -> (filter: [UInt8], shareName: [UInt8]?)? {
    let text = Array(bytes(of: filter))
    guard isValidTopicFilter(text) else { return nil }
    switch SharedFilter.parse(text) {
    case .shared(let shared): return (Array(text[shared.filter]), Array(text[shared.shareName]))
    case .ordinary: return (text, nil)
    case .invalid: return nil
    }
}

/// Subscribes a client.
@c(mosquitto_subscription_add) @implementation
public func mosquitto_subscription_add(_ sub: UnsafePointer<mosquitto_subscription>!) -> CInt {
    guard let sub: UnsafePointer<mosquitto_subscription> = sub,
        let clientid = sub.pointee.clientid, let filter = sub.pointee.topic_filter,
        clientid.pointee != 0, filter.pointee != 0, let (filter, shareName) = parts(of: filter),
        let host = CurrentHost.services
    else { return ResultCode.invalid }
    let options = sub.pointee.options
    guard options & 3 < 3, options & 0x30 < 0x30,
        sub.pointee.identifier <= VariableByteInteger.max
    else { return ResultCode.invalid }
    return host.subscribe(
        String(cString: clientid),
        filter: filter,
        shareName: shareName,
        options: options & 0x3F,
        identifier: sub.pointee.identifier
    )
}

/// Ends a subscription of a client.
@c(mosquitto_subscription_delete) @implementation
public func mosquitto_subscription_delete(
    _ clientid: UnsafePointer<CChar>!,
    _ topic_filter: UnsafePointer<CChar>!
) -> CInt {
    guard let clientid: UnsafePointer<CChar> = clientid,
        let filter: UnsafePointer<CChar> = topic_filter,
        clientid.pointee != 0, filter.pointee != 0, let (filter, shareName) = parts(of: filter),
        let host = CurrentHost.services
    else { return ResultCode.invalid }
    return host.unsubscribe(String(cString: clientid), filter: filter, shareName: shareName)
}

/// Gives a client a will.
@c(mosquitto_client_will_set) @implementation
public func mosquitto_client_will_set(
    _ clientid: UnsafePointer<CChar>!,
    _ topic: UnsafePointer<CChar>!,
    _ payloadlen: CInt,
    _ payload: UnsafeRawPointer!,
    _ qos: CInt,
    _ retain: Bool,
    _ properties: OpaquePointer!
) -> CInt {
    let start: UnsafeRawPointer? = payload
    guard let clientid: UnsafePointer<CChar> = clientid, let topic: UnsafePointer<CChar> = topic,
        (0...CInt(VariableByteInteger.max)).contains(payloadlen), payloadlen == 0 || start != nil,
        (0...2).contains(qos), let host = CurrentHost.services
    else { return ResultCode.invalid }
    let topicBytes = Array(bytes(of: topic))
    guard isValidTopicName(topicBytes) else { return ResultCode.invalid }
    let name = String(cString: clientid)
    let obstacle = host.obstacleToWill(of: name, hasProperties: properties != nil)
    guard obstacle == ResultCode.success else { return obstacle }
    let payload = Array(UnsafeRawBufferPointer(start: start, count: Int(payloadlen)))
    var list: OpaquePointer? = properties
    guard mosquitto_property_check_all(0x100, list) == ResultCode.success else {
        return ResultCode.invalid
    }
    let encoded = PropertyBridge.encode(list)
    let will = Will(
        topic: topicBytes,
        payload: payload,
        qos: UInt8(qos),
        isRetained: retain,
        delayInterval: encoded.willDelayInterval,
        messageExpiryInterval: encoded.messageExpiryInterval,
        forwardedProperties: encoded.bytes
    )
    host.setWill(name, will)
    mosquitto_property_free_all(&list)
    return ResultCode.success
}
