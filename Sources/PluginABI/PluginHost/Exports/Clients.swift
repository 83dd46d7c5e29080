// SPDX-License-Identifier: Apache-2.0
// mosquitto/broker_client.h, first part: looking at clients.

import CMosquitto
import CommonLibrary
import Config
import Core
import Glibc
import MQTT
import Net
import Results
import Synchronization

/// The record behind a handle that may be NULL.
private func record(_ client: OpaquePointer?) -> ClientRecord? {
    client.map { ClientRecord.behind($0) }
}

/// Finds a client, connected or not.
@c(mosquitto_client) @implementation
public func mosquitto_client(_ clientid: UnsafePointer<CChar>!) -> OpaquePointer! {
    guard let clientid: UnsafePointer<CChar> = clientid, clientid.pointee != 0 else { return nil }
    return CurrentHost.services?.client(named: String(cString: clientid))
}

/// The address of the peer.
@c(mosquitto_client_address) @implementation
public func mosquitto_client_address(_ client: OpaquePointer!) -> UnsafePointer<CChar>! {
    record(client)?.address
}

/// The port of the listener.
@c(mosquitto_client_port) @implementation
public func mosquitto_client_port(_ client: OpaquePointer!) -> CInt {
    CInt(record(client)?.identity.listener?.configuration.port ?? 0)
}

/// Whether the client asked for a clean start.
@c(mosquitto_client_clean_session) @implementation
public func mosquitto_client_clean_session(_ client: OpaquePointer!) -> Bool {
    record(client)?.identity.isCleanStart ?? true
}

/// The client identifier.
@c(mosquitto_client_id) @implementation
public func mosquitto_client_id(_ client: OpaquePointer!) -> UnsafePointer<CChar>! {
    guard let client: OpaquePointer = client else { return nil }
    return ClientRecord.unmanaged(client)._withUnsafeGuaranteedRef { $0.identifier }
}

/// A number made from the client identifier.
@c(mosquitto_client_id_hashv) @implementation
public func mosquitto_client_id_hashv(_ client: OpaquePointer!) -> CUnsignedInt {
    guard let identity = record(client)?.identity, let host = CurrentHost.services,
        host.hasSession(identity.clientIdentifier)
    else { return 0 }
    var hash: UInt32 = 0x811C_9DC5
    for byte in identity.clientIdentifier.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
    return hash
}

/// The keep alive interval in seconds.
@c(mosquitto_client_keepalive) @implementation
public func mosquitto_client_keepalive(_ client: OpaquePointer!) -> CInt {
    record(client).map { CInt($0.identity.keepAliveSeconds) } ?? -1
}

/// The TLS certificate, with a reference of its own.
@c(mosquitto_client_certificate) @implementation
public func mosquitto_client_certificate(_ client: OpaquePointer!) -> UnsafeMutableRawPointer! {
    guard let record = record(client) else { return nil }
    let certificate = CurrentHost.services?.certificate(of: record)
    return certificate.map { UnsafeMutableRawPointer($0) }
}

/// The channel binding `tls-exporter`.
@c(mosquitto_client_tls_exporter) @implementation
public func mosquitto_client_tls_exporter(
    _ client: OpaquePointer!,
    _ binding: UnsafeMutablePointer<CUnsignedChar>!
) -> CInt {
    guard let client: OpaquePointer = client, let binding: UnsafeMutablePointer<UInt8> = binding
    else { return ResultCode.invalid }
    guard let record = record(client),
        let bytes = CurrentHost.services?.channelBinding(of: record), bytes.count == 32
    else { return ResultCode.notFound }
    binding.update(from: bytes, count: 32)
    return ResultCode.success
}

/// What carries the client's bytes.
@c(mosquitto_client_protocol) @implementation
public func mosquitto_client_protocol(_ client: OpaquePointer!) -> CInt {
    let isWebSocket =
        record(client)?.identity.listener?.configuration.protocol == .websockets
    return CInt((isWebSocket ? mp_websockets : mp_mqtt).rawValue)
}

/// 3, 4 or 5.
@c(mosquitto_client_protocol_version) @implementation
public func mosquitto_client_protocol_version(_ client: OpaquePointer!) -> CInt {
    record(client).map { CInt($0.identity.version.rawValue) } ?? 0
}

/// How many subscriptions the client has.
@c(mosquitto_client_sub_count) @implementation
public func mosquitto_client_sub_count(_ client: OpaquePointer!) -> CInt {
    CInt(clamping: record(client)?.identity.subscriptionCount.load(ordering: .relaxed) ?? 0)
}

/// The user name.
@c(mosquitto_client_username) @implementation
public func mosquitto_client_username(_ client: OpaquePointer!) -> UnsafePointer<CChar>! {
    guard let client: OpaquePointer = client else { return nil }
    return ClientRecord.unmanaged(client)._withUnsafeGuaranteedRef { UnsafePointer($0.userName) }
}

/// Calls a function for every client until one call returns other than 0.
@c(mosquitto_apply_on_all_clients) @implementation
public func mosquitto_apply_on_all_clients(
    _ FUNC_client_functor: (
        @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> CInt
    )!,
    _ functor_context: UnsafeMutableRawPointer!
) -> CInt {
    guard let host = CurrentHost.services, let function = FUNC_client_functor else {
        return ResultCode.success
    }
    return host.forEachClient { function($0, functor_context) }
}
