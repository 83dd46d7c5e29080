// SPDX-License-Identifier: Apache-2.0
// mosquitto/broker_persist.h: asked by persistence plugins, whose events this broker does not raise.

public import CMosquitto
import CommonLibrary
import Core
import Glibc
import MQTT
import Results

/// Frees what a function owns by its contract, whatever it returns.
private func take(_ pointer: inout UnsafeMutablePointer<CChar>!) {
    mosquitto_free(pointer)
    pointer = nil
}

/// Whether there is a session of this identifier.
private func isSession(_ clientid: UnsafePointer<CChar>) -> Bool {
    CurrentHost.services?.hasSession(String(cString: clientid)) ?? false
}

/// Refuses a session; its strings are the broker's from the call on.
@c(mosquitto_persist_client_add) @implementation
public func mosquitto_persist_client_add(
    _ client: UnsafeMutablePointer<mosquitto_client>!
) -> CInt {
    guard let client: UnsafeMutablePointer<mosquitto_client> = client,
        client.pointee.clientid != nil
    else { return ResultCode.invalid }
    let isKnown = isSession(client.pointee.clientid)
    take(&client.pointee.clientid)
    take(&client.pointee.username)
    take(&client.pointee.auth_method)
    return isKnown ? ResultCode.invalid : ResultCode.notSupported
}

/// Refuses a change of a session; its user name is the broker's from the call on.
@c(mosquitto_persist_client_update) @implementation
public func mosquitto_persist_client_update(
    _ client: UnsafeMutablePointer<mosquitto_client>!
) -> CInt {
    guard let client: UnsafeMutablePointer<mosquitto_client> = client,
        client.pointee.clientid != nil
    else { return ResultCode.invalid }
    let isKnown = isSession(client.pointee.clientid)
    take(&client.pointee.username)
    return isKnown ? ResultCode.notSupported : ResultCode.notFound
}

/// Removes a session with its will.
@c(mosquitto_persist_client_delete) @implementation
public func mosquitto_persist_client_delete(_ clientid: UnsafePointer<CChar>!) -> CInt {
    guard let clientid: UnsafePointer<CChar> = clientid else { return ResultCode.invalid }
    CurrentHost.services?.removeSession(String(cString: clientid))
    return ResultCode.success
}

/// What is wrong with a client message; nil if nothing is.
private func fault(_ message: UnsafeMutablePointer<mosquitto_client_msg>?) -> CInt? {
    guard let message, let clientid = message.pointee.clientid else { return ResultCode.invalid }
    guard isSession(clientid) else { return ResultCode.notFound }
    return message.pointee.direction > UInt8(mosq_bmd_all.rawValue) ? ResultCode.invalid : nil
}

/// Refuses to queue a message: no base message is ever known.
@c(mosquitto_persist_client_msg_add) @implementation
public func mosquitto_persist_client_msg_add(
    _ client_msg: UnsafeMutablePointer<mosquitto_client_msg>!
) -> CInt {
    fault(client_msg) ?? ResultCode.notFound
}

/// Refuses to remove a queued message.
@c(mosquitto_persist_client_msg_delete) @implementation
public func mosquitto_persist_client_msg_delete(
    _ client_msg: UnsafeMutablePointer<mosquitto_client_msg>!
) -> CInt {
    fault(client_msg) ?? ResultCode.notSupported
}

/// Refuses to change a queued message.
@c(mosquitto_persist_client_msg_update) @implementation
public func mosquitto_persist_client_msg_update(
    _ client_msg: UnsafeMutablePointer<mosquitto_client_msg>!
) -> CInt {
    fault(client_msg) ?? ResultCode.notSupported
}

/// Refuses to remove all messages of a client.
@c(mosquitto_persist_client_msg_clear) @implementation
public func mosquitto_persist_client_msg_clear(
    _ client_msg: UnsafeMutablePointer<mosquitto_client_msg>!
) -> CInt {
    fault(client_msg) ?? ResultCode.notSupported
}

/// Refuses to store a message; topic, payload and properties are the broker's from the call on.
@c(mosquitto_persist_base_msg_add) @implementation
public func mosquitto_persist_base_msg_add(
    _ msg: UnsafeMutablePointer<mosquitto_base_msg>!
) -> CInt {
    guard let msg: UnsafeMutablePointer<mosquitto_base_msg> = msg else { return ResultCode.invalid }
    let isTooLarge = msg.pointee.payloadlen > VariableByteInteger.max
    take(&msg.pointee.topic)
    mosquitto_free(msg.pointee.payload)
    msg.pointee.payload = nil
    mosquitto_property_free_all(&msg.pointee.properties)
    return isTooLarge ? ResultCode.invalid : ResultCode.notSupported
}

/// Nothing is stored, so nothing is left to remove.
@c(mosquitto_persist_base_msg_delete) @implementation
public func mosquitto_persist_base_msg_delete(_ store_id: UInt64) -> CInt {
    ResultCode.success
}

/// There is no stored message that could be retained.
@c(mosquitto_persist_retain_msg_set) @implementation
public func mosquitto_persist_retain_msg_set(
    _ topic: UnsafePointer<CChar>!,
    _ store_id: UInt64
) -> CInt {
    ResultCode.unknown
}

/// Removes a retained message.
@c(mosquitto_persist_retain_msg_delete) @implementation
public func mosquitto_persist_retain_msg_delete(_ topic: UnsafePointer<CChar>!) -> CInt {
    guard let topic: UnsafePointer<CChar> = topic else { return ResultCode.invalid }
    CurrentHost.services?.removeRetained(Array(bytes(of: topic)))
    return ResultCode.success
}

/// Where the configuration puts persistent data.
@c(mosquitto_persistence_location) @implementation
public func mosquitto_persistence_location() -> UnsafePointer<CChar>! {
    CurrentHost.services?.persistenceFolder
}

/// Checks a node number; there are no store identifiers it would show in.
@c(mosquitto_broker_node_id_set) @implementation
public func mosquitto_broker_node_id_set(_ id: UInt16) -> CInt {
    id > 1023 ? ResultCode.invalid : ResultCode.success
}
