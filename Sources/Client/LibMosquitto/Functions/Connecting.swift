// SPDX-License-Identifier: Apache-2.0
// mosquitto/libmosquitto_connect.h and _socks.h: connecting and disconnecting.

import CMosquitto
import CommonLibrary
import Glibc
import MQTTClient
import Results

extension Outcome {
    /// The code, with `errno` as the program is to find it.
    func result() -> CInt {
        if code == ResultCode.systemError { errno = systemCode }
        return code
    }
}

/// Takes over where to connect to; returns why that cannot be.
private func setTarget(
    _ handle: ClientHandle,
    _ host: UnsafePointer<CChar>?,
    _ port: CInt,
    _ keepAlive: CInt
) -> CInt {
    guard let host, let port = UInt16(exactly: port), let seconds = UInt16(exactly: keepAlive),
        seconds == 0 || seconds >= 5
    else { return ResultCode.invalid }
    // What `sockaddr_un` has room for.
    guard port != 0 || strlen(host) <= 107 else { return ResultCode.invalid }
    let target = ClientSettings.Target(
        host: String(cString: host),
        port: port,
        keepAlive: seconds
    )
    handle.set { $0.target = target }
    return ResultCode.success
}

/// All functions that connect.
private func connect(
    _ mosq: OpaquePointer?,
    _ host: UnsafePointer<CChar>?,
    _ port: CInt,
    _ keepAlive: CInt,
    bind: UnsafePointer<CChar>?,
    waits: Bool,
    _ properties: (ClientHandle) -> CInt
) -> CInt {
    guard let handle = ClientHandle.of(mosq) else { return ResultCode.invalid }
    if let bind {
        let address = String(cString: bind)
        handle.set { $0.bindAddress = address }
    }
    let code = properties(handle)
    guard code == ResultCode.success else { return code }
    let targetCode = setTarget(handle, host, port, keepAlive)
    guard targetCode == ResultCode.success else { return targetCode }
    return handle.reconnect(waits: waits).result()
}

private func withoutProperties(_ handle: ClientHandle) -> CInt {
    handle.set { $0.connectProperties = nil }
    return ResultCode.success
}

/// Connects.
@c(mosquitto_connect) @implementation
public func mosquitto_connect(
    _ mosq: OpaquePointer!,
    _ host: UnsafePointer<CChar>!,
    _ port: CInt,
    _ keepalive: CInt
) -> CInt {
    connect(mosq, host, port, keepalive, bind: nil, waits: true, withoutProperties)
}

/// Connects from a local address.
@c(mosquitto_connect_bind) @implementation
public func mosquitto_connect_bind(
    _ mosq: OpaquePointer!,
    _ host: UnsafePointer<CChar>!,
    _ port: CInt,
    _ keepalive: CInt,
    _ bind_address: UnsafePointer<CChar>!
) -> CInt {
    connect(mosq, host, port, keepalive, bind: bind_address, waits: true, withoutProperties)
}

/// Connects from a local address, with properties.
@c(mosquitto_connect_bind_v5) @implementation
public func mosquitto_connect_bind_v5(
    _ mosq: OpaquePointer!,
    _ host: UnsafePointer<CChar>!,
    _ port: CInt,
    _ keepalive: CInt,
    _ bind_address: UnsafePointer<CChar>!,
    _ properties: OpaquePointer!
) -> CInt {
    connect(mosq, host, port, keepalive, bind: bind_address, waits: true) { handle in
        guard properties != nil else { return withoutProperties(handle) }
        // Whether the version goes with them is looked at when CONNECT is made.
        switch PropertyArguments(properties, for: CMD_CONNECT, isV5: true) {
        case .wrong(let code): return code
        case .encoded(let bytes): handle.set { $0.connectProperties = bytes }
        }
        return ResultCode.success
    }
}

/// Begins to connect.
@c(mosquitto_connect_async) @implementation
public func mosquitto_connect_async(
    _ mosq: OpaquePointer!,
    _ host: UnsafePointer<CChar>!,
    _ port: CInt,
    _ keepalive: CInt
) -> CInt {
    connect(mosq, host, port, keepalive, bind: nil, waits: false) { _ in ResultCode.success }
}

/// Begins to connect from a local address.
@c(mosquitto_connect_bind_async) @implementation
public func mosquitto_connect_bind_async(
    _ mosq: OpaquePointer!,
    _ host: UnsafePointer<CChar>!,
    _ port: CInt,
    _ keepalive: CInt,
    _ bind_address: UnsafePointer<CChar>!
) -> CInt {
    connect(mosq, host, port, keepalive, bind: bind_address, waits: false) { _ in
        ResultCode.success
    }
}

/// Servers are not looked up in the DNS by service.
@c(mosquitto_connect_srv) @implementation
public func mosquitto_connect_srv(
    _ mosq: OpaquePointer!,
    _ host: UnsafePointer<CChar>!,
    _ keepalive: CInt,
    _ bind_address: UnsafePointer<CChar>!
) -> CInt {
    mosq == nil ? ResultCode.invalid : ResultCode.notSupported
}

/// Connects again.
@c(mosquitto_reconnect) @implementation
public func mosquitto_reconnect(_ mosq: OpaquePointer!) -> CInt {
    guard let handle = ClientHandle.of(mosq) else { return ResultCode.invalid }
    return handle.reconnect(waits: true).result()
}

/// Begins to connect again.
@c(mosquitto_reconnect_async) @implementation
public func mosquitto_reconnect_async(_ mosq: OpaquePointer!) -> CInt {
    guard let handle = ClientHandle.of(mosq) else { return ResultCode.invalid }
    return handle.reconnect(waits: false).result()
}

/// Disconnects.
@c(mosquitto_disconnect) @implementation
public func mosquitto_disconnect(_ mosq: OpaquePointer!) -> CInt {
    mosquitto_disconnect_v5(mosq, 0, nil)
}

/// Disconnects, with a reason and properties.
@c(mosquitto_disconnect_v5) @implementation
public func mosquitto_disconnect_v5(
    _ mosq: OpaquePointer!,
    _ reason_code: CInt,
    _ properties: OpaquePointer!
) -> CInt {
    guard let handle = ClientHandle.of(mosq) else { return ResultCode.invalid }
    let isV5 = handle.set { $0.isV5 }
    if properties != nil, !isV5 { return ResultCode.notSupported }
    guard let code = UInt8(exactly: reason_code) else { return ResultCode.invalid }
    switch PropertyArguments(properties, for: CMD_DISCONNECT, isV5: isV5) {
    case .wrong(let code): return code
    case .encoded(let bytes):
        return handle.perform { $0.disconnect(code, properties: bytes) }
    }
}

/// Goes through a SOCKS 5 proxy.
@c(mosquitto_socks5_set) @implementation
public func mosquitto_socks5_set(
    _ mosq: OpaquePointer!,
    _ host: UnsafePointer<CChar>!,
    _ port: CInt,
    _ username: UnsafePointer<CChar>!,
    _ password: UnsafePointer<CChar>!
) -> CInt {
    guard let handle = ClientHandle.of(mosq), let host: UnsafePointer<CChar> = host,
        strlen(host) <= 256, let port = UInt16(exactly: port), port > 0
    else { return ResultCode.invalid }
    var proxy = MQTTProxy(host: String(cString: host), port: port)
    if let username: UnsafePointer<CChar> = username {
        guard strlen(username) <= 255 else { return ResultCode.invalid }
        proxy.userName = String(cString: username)
        if let password: UnsafePointer<CChar> = password {
            guard strlen(password) <= 255 else { return ResultCode.invalid }
            proxy.password = String(cString: password)
        }
    }
    handle.set { $0.proxy = proxy }
    return ResultCode.success
}
