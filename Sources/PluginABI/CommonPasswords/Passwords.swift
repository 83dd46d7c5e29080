// SPDX-License-Identifier: Apache-2.0
// mosquitto/libcommon_password.h: password hashes in the text forms of a password file.

public import CMosquitto
import CommonLibrary
import Glibc
import PasswordHash
import Results

/// What a `struct mosquitto_pw` pointer refers to: a hash, the way to make one, and its text.
private final class PasswordEntry {
    var type: mosquitto_pwhash_type
    var iterations: CInt = 1000
    var isValid = false
    private(set) var hash: PasswordHash?
    /// The text form, NUL-terminated; its address is given out.
    private(set) var encoded: UnsafeMutablePointer<CChar>?

    init(type: mosquitto_pwhash_type) {
        self.type = type
    }

    deinit { wipe() }

    /// Takes a hash and its text form; false when memory is short.
    func set(_ new: PasswordHash) -> Bool {
        wipe()
        let text = Array(new.encoded.utf8)
        encoded = text.withUnsafeBytes { source in
            source.baseAddress.flatMap { copyOfBytes($0, source.count) }
        }
        hash = encoded == nil ? nil : new
        return encoded != nil
    }

    private func wipe() {
        if let encoded { explicit_bzero(encoded, strlen(encoded)) }
        mosquitto_free(encoded)
        encoded = nil
    }
}

private func entry(at pointer: OpaquePointer?) -> PasswordEntry? {
    pointer.map { Unmanaged<PasswordEntry>.fromOpaque(UnsafeRawPointer($0)).takeUnretainedValue() }
}

/// Makes an empty hash.
@c(mosquitto_pw_new) @implementation
public func mosquitto_pw_new(
    _ pw: UnsafeMutablePointer<OpaquePointer?>!,
    _ hashtype: mosquitto_pwhash_type
) -> CInt {
    guard let pw: UnsafeMutablePointer<OpaquePointer?> = pw else { return ResultCode.invalid }
    pw.pointee = OpaquePointer(Unmanaged.passRetained(PasswordEntry(type: hashtype)).toOpaque())
    return ResultCode.success
}

/// Wipes and frees a hash.
@c(mosquitto_pw_cleanup) @implementation
public func mosquitto_pw_cleanup(_ pw: OpaquePointer!) {
    guard let pw: OpaquePointer = pw else { return }
    Unmanaged<PasswordEntry>.fromOpaque(UnsafeRawPointer(pw)).release()
}

/// Sets the number of iterations.
@c(mosquitto_pw_set_param) @implementation
public func mosquitto_pw_set_param(_ pw: OpaquePointer!, _ param: CInt, _ value: CInt) -> CInt {
    guard let pw = entry(at: pw) else { return ResultCode.invalid }
    guard param == CInt(MOSQ_PW_PARAM_ITERATIONS.rawValue) else { return ResultCode.success }
    guard pw.type == MOSQ_PW_SHA512_PBKDF2 else { return ResultCode.invalid }
    pw.iterations = value
    return ResultCode.success
}

/// Hashes a password with a new salt.
@c(mosquitto_pw_hash_encoded) @implementation
public func mosquitto_pw_hash_encoded(
    _ pw: OpaquePointer!,
    _ password: UnsafePointer<CChar>!
) -> CInt {
    guard let pw = entry(at: pw), let password: UnsafePointer<CChar> = password else {
        return ResultCode.invalid
    }
    pw.isValid = false
    if pw.type == MOSQ_PW_DEFAULT { pw.type = MOSQ_PW_SHA512_PBKDF2 }
    let algorithm: PasswordHash.Algorithm
    switch pw.type {
    case MOSQ_PW_ARGON2ID: algorithm = .argon2id
    case MOSQ_PW_SHA512: algorithm = .sha512
    case MOSQ_PW_SHA512_PBKDF2 where pw.iterations >= 1:
        algorithm = .pbkdf2(iterations: Int(pw.iterations))
    default: return ResultCode.invalid
    }
    guard let hash = PasswordHash(hashing: Array(bytes(of: password)), with: algorithm) else {
        return ResultCode.unknown
    }
    pw.isValid = pw.set(hash)
    return pw.isValid ? ResultCode.success : ResultCode.noMemory
}

/// The text form.
@c(mosquitto_pw_get_encoded) @implementation
public func mosquitto_pw_get_encoded(_ pw: OpaquePointer!) -> UnsafePointer<CChar>! {
    UnsafePointer(entry(at: pw)?.encoded)
}

/// Reads a text form.
@c(mosquitto_pw_decode) @implementation
public func mosquitto_pw_decode(
    _ pw: OpaquePointer!,
    _ encoded_password: UnsafePointer<CChar>!
) -> CInt {
    guard let pw = entry(at: pw), let encoded: UnsafePointer<CChar> = encoded_password else {
        return ResultCode.invalid
    }
    pw.isValid = false
    let text = bytes(of: encoded)
    guard let hash = PasswordHash(decoding: text, checksArgon2: false) else {
        return ResultCode.invalid
    }
    switch hash.algorithm {
    case .argon2id: pw.type = MOSQ_PW_ARGON2ID
    case .sha512: pw.type = MOSQ_PW_SHA512
    case .pbkdf2(let iterations):
        pw.type = MOSQ_PW_SHA512_PBKDF2
        pw.iterations = CInt(clamping: iterations)
    }
    pw.isValid = pw.set(hash)
    return pw.isValid ? ResultCode.success : ResultCode.noMemory
}

/// Compares a password with a hash.
@c(mosquitto_pw_verify) @implementation
public func mosquitto_pw_verify(_ pw: OpaquePointer!, _ password: UnsafePointer<CChar>!) -> CInt {
    guard let pw = entry(at: pw), pw.isValid, let password: UnsafePointer<CChar> = password,
        pw.hash?.verify(Array(bytes(of: password)), iterations: Int(pw.iterations)) == true
    else { return ResultCode.notAuthorized }
    return ResultCode.success
}

/// Declares a hash usable or not.
@c(mosquitto_pw_set_valid) @implementation
public func mosquitto_pw_set_valid(_ pw: OpaquePointer!, _ valid: Bool) {
    entry(at: pw)?.isValid = valid
}

/// Whether a hash is usable.
@c(mosquitto_pw_is_valid) @implementation
public func mosquitto_pw_is_valid(_ pw: OpaquePointer!) -> Bool {
    entry(at: pw)?.isValid ?? false
}
