// SPDX-License-Identifier: Apache-2.0
// mosquitto/libmosquitto.h and libmosquitto_create_delete.h: the library, and the life of handles.

import CMosquitto
import CommonLibrary
import Glibc
import Results

/// The version of the library.
@c(mosquitto_lib_version) @implementation
public func mosquitto_lib_version(
    _ major: UnsafeMutablePointer<CInt>!,
    _ minor: UnsafeMutablePointer<CInt>!,
    _ revision: UnsafeMutablePointer<CInt>!
) -> CInt {
    if let major: UnsafeMutablePointer<CInt> = major { major.pointee = LIBMOSQUITTO_MAJOR }
    if let minor: UnsafeMutablePointer<CInt> = minor { minor.pointee = LIBMOSQUITTO_MINOR }
    if let revision: UnsafeMutablePointer<CInt> = revision {
        revision.pointee = LIBMOSQUITTO_REVISION
    }
    return LIBMOSQUITTO_MAJOR * 1_000_000 + LIBMOSQUITTO_MINOR * 1000 + LIBMOSQUITTO_REVISION
}

/// Nothing has to be prepared.
@c(mosquitto_lib_init) @implementation
public func mosquitto_lib_init() -> CInt { ResultCode.success }

/// Nothing has to be cleaned up.
@c(mosquitto_lib_cleanup) @implementation
public func mosquitto_lib_cleanup() -> CInt { ResultCode.success }

/// What a new handle begins with, or why it cannot.
private func freshSettings(
    _ id: UnsafePointer<CChar>?,
    _ isClean: Bool
) -> (settings: ClientSettings?, code: CInt) {
    guard let id else {
        guard isClean else { return (nil, ResultCode.invalid) }
        return (ClientSettings(clientIdentifier: nil, isCleanSession: true), ResultCode.success)
    }
    let bytes = bytes(of: id)
    guard !bytes.isEmpty else { return (nil, ResultCode.invalid) }
    guard isAcceptableUTF8(bytes) else { return (nil, ResultCode.malformedUTF8) }
    let settings = ClientSettings(
        clientIdentifier: String(decoding: bytes, as: UTF8.self),
        isCleanSession: isClean
    )
    return (settings, ResultCode.success)
}

/// Makes a handle.
@c(mosquitto_new) @implementation
public func mosquitto_new(
    _ id: UnsafePointer<CChar>!,
    _ clean_session: Bool,
    _ obj: UnsafeMutableRawPointer!
) -> OpaquePointer! {
    let cause = errno
    let (settings, code) = freshSettings(id, clean_session)
    guard let settings else {
        errno = code == ResultCode.invalid ? EINVAL : cause
        return nil
    }
    let handle = ClientHandle(settings, obj)
    _ = Unmanaged.passRetained(handle)
    // Programs look whether it has changed.
    errno = cause
    return handle.pointer
}

/// Ends a handle; the connection is cut.
@c(mosquitto_destroy) @implementation
public func mosquitto_destroy(_ mosq: OpaquePointer!) {
    guard let handle = ClientHandle.of(mosq) else { return }
    handle.reset(nil, nil)
    // Within a callback of its own the handle lives until that has returned.
    Unmanaged.passUnretained(handle).release()
}

/// Makes a handle as new.
@c(mosquitto_reinitialise) @implementation
public func mosquitto_reinitialise(
    _ mosq: OpaquePointer!,
    _ id: UnsafePointer<CChar>!,
    _ clean_session: Bool,
    _ obj: UnsafeMutableRawPointer!
) -> CInt {
    guard let handle = ClientHandle.of(mosq), id != nil || clean_session else {
        return ResultCode.invalid
    }
    let (settings, code) = freshSettings(id, clean_session)
    guard let settings else { return code }
    handle.reset(settings, obj)
    return ResultCode.success
}

/// Sets what callbacks get as `obj`.
@c(mosquitto_user_data_set) @implementation
public func mosquitto_user_data_set(_ mosq: OpaquePointer!, _ obj: UnsafeMutableRawPointer!) {
    ClientHandle.of(mosq)?.object = obj
}

/// What callbacks get as `obj`.
@c(mosquitto_userdata) @implementation
public func mosquitto_userdata(_ mosq: OpaquePointer!) -> UnsafeMutableRawPointer! {
    ClientHandle.of(mosq)?.object
}
