// SPDX-License-Identifier: Apache-2.0
// mosquitto/libmosquitto_tls.h: how connections are protected.

import CMosquitto
import Encoding
import Glibc
import MQTTClient
import Net
import Results

/// Says whom to trust, and who one is.
@c(mosquitto_tls_set) @implementation
public func mosquitto_tls_set(
    _ mosq: OpaquePointer!,
    _ cafile: UnsafePointer<CChar>!,
    _ capath: UnsafePointer<CChar>!,
    _ certfile: UnsafePointer<CChar>!,
    _ keyfile: UnsafePointer<CChar>!,
    _ pw_callback: (
        @convention(c) (
            UnsafeMutablePointer<CChar>?, CInt, CInt, UnsafeMutableRawPointer?
        ) -> CInt
    )!
) -> CInt {
    guard let handle = ClientHandle.of(mosq), cafile != nil || capath != nil,
        (certfile == nil) == (keyfile == nil)
    else { return ResultCode.invalid }
    for file in [cafile, certfile, keyfile] {
        if let file, access(file, R_OK) != 0 { return ResultCode.invalid }
    }
    let userData = UnsafeMutableRawPointer(handle.pointer)
    let password = pw_callback.map { KeyPassword($0, userData: userData) }
    let texts = [cafile, capath, certfile, keyfile].map { $0.map { String(cString: $0) } }
    handle.set { settings in
        settings.tls.authorityFile = texts[0]
        settings.tls.authorityFolder = texts[1]
        settings.tls.certificateFile = texts[2]
        settings.tls.keyFile = texts[3]
        settings.tls.password = password
    }
    return ResultCode.success
}

/// Says whether the server's name is compared.
@c(mosquitto_tls_insecure_set) @implementation
public func mosquitto_tls_insecure_set(_ mosq: OpaquePointer!, _ value: Bool) -> CInt {
    guard let handle = ClientHandle.of(mosq) else { return ResultCode.invalid }
    handle.set { $0.tls.ignoresHostName = value }
    return ResultCode.success
}

/// Sets verification, lowest version and ciphers.
@c(mosquitto_tls_opts_set) @implementation
public func mosquitto_tls_opts_set(
    _ mosq: OpaquePointer!,
    _ cert_reqs: CInt,
    _ tls_version: UnsafePointer<CChar>!,
    _ ciphers: UnsafePointer<CChar>!
) -> CInt {
    guard let handle = ClientHandle.of(mosq) else { return ResultCode.invalid }
    var requiresTLS13 = false
    if let version: UnsafePointer<CChar> = tls_version {
        requiresTLS13 = strcasecmp(version, "tlsv1.3") == 0
        guard requiresTLS13 || strcasecmp(version, "tlsv1.2") == 0 else {
            return ResultCode.invalid
        }
    }
    let list = ciphers.map { String(cString: $0) }
    handle.set { settings in
        settings.tls.verifies = cert_reqs != 0
        settings.tls.requiresTLS13 = requiresTLS13
        settings.tls.ciphers = list
    }
    return ResultCode.success
}

/// Sets a pre-shared key.
@c(mosquitto_tls_psk_set) @implementation
public func mosquitto_tls_psk_set(
    _ mosq: OpaquePointer!,
    _ psk: UnsafePointer<CChar>!,
    _ identity: UnsafePointer<CChar>!,
    _ ciphers: UnsafePointer<CChar>!
) -> CInt {
    guard let handle = ClientHandle.of(mosq), let psk: UnsafePointer<CChar> = psk,
        let identity: UnsafePointer<CChar> = identity
    else { return ResultCode.invalid }
    let digits = String(cString: psk)
    guard let key = Hexadecimal.decode(digits.utf8, allowsOddCount: true), !key.isEmpty else {
        return ResultCode.invalid
    }
    let name = String(cString: identity)
    let list = ciphers.map { String(cString: $0) }
    handle.set { settings in
        settings.tls.preSharedKey = MQTTTLS.PreSharedKey(identity: name, key: key)
        if let list { settings.tls.ciphers = list }
    }
    return ResultCode.success
}

/// The TLS object of the connection; NULL for none.
@c(mosquitto_ssl_get) @implementation
public func mosquitto_ssl_get(_ mosq: OpaquePointer!) -> UnsafeMutableRawPointer! {
    ClientHandle.of(mosq)?.locked { $0.driver?.tlsObject.map { UnsafeMutableRawPointer($0) } }
}
