// SPDX-License-Identifier: Apache-2.0
// mosquitto/broker_persist.h: what persistence plugins give back during PERSIST_RESTORE.

public import CMosquitto
import CommonLibrary
import Core
import Glibc
import Inflight
import MQTT
import Persist
import Results

/// Frees what a function owns by its contract, whatever it returns.
private func take(_ pointer: inout UnsafeMutablePointer<CChar>!) {
    mosquitto_free(pointer)
    pointer = nil
}

/// A text that a function owns, which is freed.
private func takeText(_ pointer: inout UnsafeMutablePointer<CChar>!) -> String? {
    let text: UnsafeMutablePointer<CChar>? = pointer
    let taken = text.map { String(cString: $0) }
    take(&pointer)
    return taken
}

/// Whether a text may be the name of a client or user.
private func isName(_ text: UnsafePointer<CChar>) -> Bool {
    let bytes = bytes(of: text)
    return bytes.count <= Int(UInt16.max) && isAcceptableUTF8(bytes)
}

/// Whether there is a session of this identifier, in the broker or among those given back.
private func isSession(_ clientid: UnsafePointer<CChar>) -> Bool {
    CurrentHost.services?.hasSession(String(cString: clientid)) ?? false
}

/// Creates a session; its strings are the broker's from the call on.
@c(mosquitto_persist_client_add) @implementation
public func mosquitto_persist_client_add(
    _ client: UnsafeMutablePointer<mosquitto_client>!
) -> CInt {
    guard let client: UnsafeMutablePointer<mosquitto_client> = client,
        let clientid = client.pointee.clientid
    else { return ResultCode.invalid }
    let isWrong = isSession(clientid) || clientid.pointee == 0 || !isName(clientid)
    let name = takeText(&client.pointee.clientid) ?? ""
    let userName = takeText(&client.pointee.username)
    take(&client.pointee.auth_method)
    guard !isWrong else { return ResultCode.invalid }
    guard let state = CurrentHost.services?.restoringState else { return ResultCode.notSupported }
    let record = client.pointee
    let image = SessionImage(
        clientIdentifier: name,
        userName: userName,
        expiryInterval: record.session_expiry_interval
    )
    state.add(
        RestoredState.RestoredSession(
            stored: StoredSession(
                image: image,
                listenerPort: record.listener_port,
                detachedAt: nil
            ),
            willDelayTime: Int64(record.will_delay_time),
            willDelayInterval: record.will_delay_interval,
            expiryTime: Int64(record.session_expiry_time)
        )
    )
    return ResultCode.success
}

/// Changes a session; its user name is the broker's from the call on.
@c(mosquitto_persist_client_update) @implementation
public func mosquitto_persist_client_update(
    _ client: UnsafeMutablePointer<mosquitto_client>!
) -> CInt {
    guard let client: UnsafeMutablePointer<mosquitto_client> = client,
        let clientid = client.pointee.clientid
    else { return ResultCode.invalid }
    let isKnown = isSession(clientid)
    let userName = takeText(&client.pointee.username)
    guard isKnown else { return ResultCode.notFound }
    guard let state = CurrentHost.services?.restoringState else { return ResultCode.notSupported }
    let record = client.pointee
    state.change(String(cString: clientid)) { session in
        session.stored.image.userName = userName
        session.stored.image.expiryInterval = record.session_expiry_interval
        session.stored.listenerPort = record.listener_port
        session.willDelayTime = Int64(record.will_delay_time)
        session.willDelayInterval = record.will_delay_interval
        session.expiryTime = Int64(record.session_expiry_time)
    }
    return ResultCode.success
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

/// Changes what a session has, if there is nothing wrong; its name and what is given back.
private func changing(
    _ message: UnsafeMutablePointer<mosquitto_client_msg>!,
    _ body: (RestoredState, String, mosquitto_client_msg) -> CInt
) -> CInt {
    if let fault = fault(message) { return fault }
    guard let state = CurrentHost.services?.restoringState else { return ResultCode.notSupported }
    let record: mosquitto_client_msg = message.pointee
    return body(state, String(cString: record.clientid), record)
}

/// Queues a message for a session, or notes it as received.
@c(mosquitto_persist_client_msg_add) @implementation
public func mosquitto_persist_client_msg_add(
    _ client_msg: UnsafeMutablePointer<mosquitto_client_msg>!
) -> CInt {
    changing(client_msg) { state, name, record in
        guard state.has(record.store_id) else { return ResultCode.notFound }
        guard record.direction != UInt8(mosq_bmd_all.rawValue), record.qos <= 2,
            record.subscription_identifier <= VariableByteInteger.max
        else { return ResultCode.invalid }
        let isOutgoing = record.direction == UInt8(mosq_bmd_out.rawValue)
        let known = DatabaseDelivery.State(rawValue: record.state)
        state.add(
            DatabaseDelivery(
                clientIdentifier: name,
                message: record.store_id,
                identifier: record.mid,
                qos: record.qos,
                isRetained: record.retain,
                isDuplicate: record.dup != 0,
                direction: isOutgoing ? .outgoing : .incoming,
                state: isOutgoing ? known ?? .queued : .awaitingPubrel,
                subscriptionIdentifier: record.subscription_identifier
            ),
            entry: record.cmsg_id
        )
        return ResultCode.success
    }
}

/// Removes a message of a session.
@c(mosquitto_persist_client_msg_delete) @implementation
public func mosquitto_persist_client_msg_delete(
    _ client_msg: UnsafeMutablePointer<mosquitto_client_msg>!
) -> CInt {
    changing(client_msg) { state, name, record in
        guard record.direction != UInt8(mosq_bmd_all.rawValue) else { return ResultCode.invalid }
        state.removeDelivery(record, of: name)
        return ResultCode.success
    }
}

/// Sets how far a message to a session has come; for one from its client there is but one state.
@c(mosquitto_persist_client_msg_update) @implementation
public func mosquitto_persist_client_msg_update(
    _ client_msg: UnsafeMutablePointer<mosquitto_client_msg>!
) -> CInt {
    changing(client_msg) { state, name, record in
        guard record.direction != UInt8(mosq_bmd_all.rawValue) else { return ResultCode.invalid }
        if record.direction == UInt8(mosq_bmd_in.rawValue) { return ResultCode.success }
        guard let progress = DatabaseDelivery.State(rawValue: record.state) else {
            return ResultCode.invalid
        }
        state.updateDelivery(record, to: progress, of: name)
        return ResultCode.success
    }
}

/// Removes messages of a session: those to it for "out", those from its client otherwise.
@c(mosquitto_persist_client_msg_clear) @implementation
public func mosquitto_persist_client_msg_clear(
    _ client_msg: UnsafeMutablePointer<mosquitto_client_msg>!
) -> CInt {
    changing(client_msg) { state, name, record in
        let isOutgoing = record.direction == UInt8(mosq_bmd_out.rawValue)
        state.clearDeliveries(isOutgoing: isOutgoing, of: name)
        return ResultCode.success
    }
}

/// Stores a message; topic, payload and properties are the broker's from the call on.
@c(mosquitto_persist_base_msg_add) @implementation
public func mosquitto_persist_base_msg_add(
    _ msg: UnsafeMutablePointer<mosquitto_base_msg>!
) -> CInt {
    guard let msg: UnsafeMutablePointer<mosquitto_base_msg> = msg else { return ResultCode.invalid }
    defer {
        take(&msg.pointee.topic)
        mosquitto_free(msg.pointee.payload)
        msg.pointee.payload = nil
        mosquitto_property_free_all(&msg.pointee.properties)
    }
    let record = msg.pointee
    guard record.payloadlen <= VariableByteInteger.max, let topic = record.topic,
        record.payloadlen == 0 || record.payload != nil, record.qos <= 2, record.store_id != 0,
        isValidTopicName(Array(bytes(of: topic)))
    else { return ResultCode.invalid }
    guard let state = CurrentHost.services?.restoringState else { return ResultCode.notSupported }
    guard !state.has(record.store_id) else { return ResultCode.alreadyExists }
    let source: UnsafeMutablePointer<CChar>? = record.source_id
    let userName: UnsafeMutablePointer<CChar>? = record.source_username
    let publisher = source.map { source in
        StoredPublisher(
            clientIdentifier: String(cString: source),
            userName: userName.map { String(cString: $0) },
            listenerPort: record.source_port
        )
    }
    let properties = PropertyBridge.encode(record.properties).bytes
    let message = properties.withUnsafeBytes { properties in
        state.restorer.message(
            topic: bytes(of: topic),
            properties: properties,
            payload: UnsafeRawBufferPointer(start: record.payload, count: Int(record.payloadlen)),
            qos: record.qos,
            isRetained: record.retain,
            expiresAt: record.expiry_time,
            publisher: publisher.map(state.restorer.identity),
            number: record.store_id
        )
    }
    state.add(message, record.store_id)
    return ResultCode.success
}

/// Removes a stored message that nothing refers to.
@c(mosquitto_persist_base_msg_delete) @implementation
public func mosquitto_persist_base_msg_delete(_ store_id: UInt64) -> CInt {
    CurrentHost.services?.restoringState?.removeMessage(store_id)
    return ResultCode.success
}

/// Makes a stored message the retained one of its topic.
@c(mosquitto_persist_retain_msg_set) @implementation
public func mosquitto_persist_retain_msg_set(
    _ topic: UnsafePointer<CChar>!,
    _ store_id: UInt64
) -> CInt {
    guard let state = CurrentHost.services?.restoringState, state.has(store_id) else {
        return ResultCode.unknown
    }
    guard let topic: UnsafePointer<CChar> = topic else { return ResultCode.invalid }
    state.setRetained(String(cString: topic), store_id)
    return ResultCode.success
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

/// Sets the part of new store identifiers that tells brokers apart.
@c(mosquitto_broker_node_id_set) @implementation
public func mosquitto_broker_node_id_set(_ id: UInt16) -> CInt {
    guard id <= 1023 else { return ResultCode.invalid }
    return CurrentHost.services?.setNodeIdentifier(id) ?? ResultCode.success
}
