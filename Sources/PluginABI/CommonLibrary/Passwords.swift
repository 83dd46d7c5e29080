// SPDX-License-Identifier: Apache-2.0
// mosquitto/libcommon_password.h: password hashes in the text forms of a password file.

import CArgon2
public import CMosquitto
import COpenSSL
import Encoding
import Glibc

/// What a `struct mosquitto_pw` pointer refers to: a hash, the way to make one, and its text.
private final class PasswordHash {
    var type: mosquitto_pwhash_type
    var iterations: CInt = 1000
    var salt: [UInt8] = []
    var hash: [UInt8] = []
    var isValid = false
    /// The text form, NUL-terminated; its address is given out.
    var encoded: UnsafeMutablePointer<CChar>?

    init(type: mosquitto_pwhash_type) {
        self.type = type
    }

    deinit {
        hash.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
        mosquitto_free(encoded)
    }

    /// Replaces the text form; false when memory is short.
    func setEncoded(_ text: UnsafeRawBufferPointer) -> Bool {
        mosquitto_free(encoded)
        encoded = text.baseAddress.flatMap { copyOfBytes($0, text.count) }
        return encoded != nil
    }
}

private let hashSize = 64
private let newSaltSize = 64
/// Salts that a reader accepts: 2.0 wrote the short ones.
private let saltSizes: Set<Int> = [12, 64]
private let argonTimeCost: UInt32 = 1
private let argonMemoryKiB: UInt32 = 47_104
private let argonLanes: UInt32 = 1

private func hash(at pointer: OpaquePointer?) -> PasswordHash? {
    pointer.map { Unmanaged<PasswordHash>.fromOpaque(UnsafeRawPointer($0)).takeUnretainedValue() }
}

/// Makes an empty hash.
@c(mosquitto_pw_new) @implementation
public func mosquitto_pw_new(
    _ pw: UnsafeMutablePointer<OpaquePointer?>!,
    _ hashtype: mosquitto_pwhash_type
) -> CInt {
    guard let pw: UnsafeMutablePointer<OpaquePointer?> = pw else { return ResultCode.invalid }
    pw.pointee = OpaquePointer(Unmanaged.passRetained(PasswordHash(type: hashtype)).toOpaque())
    return ResultCode.success
}

/// Wipes and frees a hash.
@c(mosquitto_pw_cleanup) @implementation
public func mosquitto_pw_cleanup(_ pw: OpaquePointer!) {
    guard let pw: OpaquePointer = pw else { return }
    Unmanaged<PasswordHash>.fromOpaque(UnsafeRawPointer(pw)).release()
}

/// Sets the number of iterations.
@c(mosquitto_pw_set_param) @implementation
public func mosquitto_pw_set_param(_ pw: OpaquePointer!, _ param: CInt, _ value: CInt) -> CInt {
    guard let pw = hash(at: pw) else { return ResultCode.invalid }
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
    guard let pw = hash(at: pw), let password: UnsafePointer<CChar> = password else {
        return ResultCode.invalid
    }
    pw.isValid = false
    var salt = [UInt8](repeating: 0, count: newSaltSize)
    guard mosquitto_getrandom(&salt, CInt(newSaltSize)) == ResultCode.success else {
        return ResultCode.unknown
    }
    pw.salt = salt
    if pw.type == MOSQ_PW_DEFAULT { pw.type = MOSQ_PW_SHA512_PBKDF2 }
    let result =
        switch pw.type {
        case MOSQ_PW_ARGON2ID: hashWithArgon2(pw, bytes(of: password))
        case MOSQ_PW_SHA512_PBKDF2, MOSQ_PW_SHA512: hashWithSHA512(pw, bytes(of: password))
        default: ResultCode.invalid
        }
    pw.isValid = result == ResultCode.success
    return result
}

/// The text form.
@c(mosquitto_pw_get_encoded) @implementation
public func mosquitto_pw_get_encoded(_ pw: OpaquePointer!) -> UnsafePointer<CChar>! {
    UnsafePointer(hash(at: pw)?.encoded)
}

/// Reads a text form.
@c(mosquitto_pw_decode) @implementation
public func mosquitto_pw_decode(
    _ pw: OpaquePointer!,
    _ encoded_password: UnsafePointer<CChar>!
) -> CInt {
    guard let pw = hash(at: pw), let encoded: UnsafePointer<CChar> = encoded_password else {
        return ResultCode.invalid
    }
    pw.isValid = false
    let text = bytes(of: encoded)
    guard parse(text, into: pw) else { return ResultCode.invalid }
    guard pw.setEncoded(text) else { return ResultCode.noMemory }
    pw.isValid = true
    return ResultCode.success
}

/// Compares a password with a hash.
@c(mosquitto_pw_verify) @implementation
public func mosquitto_pw_verify(_ pw: OpaquePointer!, _ password: UnsafePointer<CChar>!) -> CInt {
    guard let pw = hash(at: pw), pw.isValid, let password: UnsafePointer<CChar> = password else {
        return ResultCode.notAuthorized
    }
    if pw.type == MOSQ_PW_ARGON2ID {
        return argon2id_verify(pw.encoded, password, strlen(password)) == 0
            ? ResultCode.success : ResultCode.notAuthorized
    }
    guard let candidate = sha512Hash(pw, bytes(of: password)),
        candidate.count == pw.hash.count,
        CRYPTO_memcmp(candidate, pw.hash, candidate.count) == 0
    else { return ResultCode.notAuthorized }
    return ResultCode.success
}

/// Declares a hash usable or not.
@c(mosquitto_pw_set_valid) @implementation
public func mosquitto_pw_set_valid(_ pw: OpaquePointer!, _ valid: Bool) {
    hash(at: pw)?.isValid = valid
}

/// Whether a hash is usable.
@c(mosquitto_pw_is_valid) @implementation
public func mosquitto_pw_is_valid(_ pw: OpaquePointer!) -> Bool {
    hash(at: pw)?.isValid ?? false
}

// MARK: - Algorithms

/// SHA-512 of password and salt, or PBKDF2 with it; nil when OpenSSL refuses.
private func sha512Hash(_ pw: PasswordHash, _ password: UnsafeRawBufferPointer) -> [UInt8]? {
    var result = [UInt8](repeating: 0, count: hashSize)
    if pw.type == MOSQ_PW_SHA512 {
        var input = Array(password)
        input.append(contentsOf: pw.salt)
        var size: CUnsignedInt = 0
        let done = EVP_Digest(input, input.count, &result, &size, EVP_sha512(), nil)
        OPENSSL_cleanse(&input, input.count)
        return done == 1 ? result : nil
    }
    let done = PKCS5_PBKDF2_HMAC(
        password.baseAddress?.assumingMemoryBound(to: CChar.self),
        CInt(password.count),
        pw.salt,
        CInt(pw.salt.count),
        pw.iterations,
        EVP_sha512(),
        CInt(hashSize),
        &result
    )
    return done == 1 ? result : nil
}

/// Fills hash and text form of the two SHA-512 kinds.
private func hashWithSHA512(_ pw: PasswordHash, _ password: UnsafeRawBufferPointer) -> CInt {
    guard pw.type == MOSQ_PW_SHA512 || pw.iterations >= 1 else { return ResultCode.invalid }
    guard let result = sha512Hash(pw, password) else { return ResultCode.unknown }
    pw.hash = result
    let head = pw.type == MOSQ_PW_SHA512 ? "$6$" : "$7$\(pw.iterations)$"
    var text = Array(head.utf8)
    text += Base64.encode(pw.salt).utf8
    text.append(UInt8(ascii: "$"))
    text += Base64.encode(pw.hash).utf8
    return text.withUnsafeBytes(pw.setEncoded) ? ResultCode.success : ResultCode.noMemory
}

/// Fills the text form of an argon2id hash, which argon2 writes itself.
private func hashWithArgon2(_ pw: PasswordHash, _ password: UnsafeRawBufferPointer) -> CInt {
    let size = argon2_encodedlen(
        argonTimeCost,
        argonMemoryKiB,
        argonLanes,
        UInt32(pw.salt.count),
        UInt32(hashSize),
        Argon2_id
    )
    var text = [CChar](repeating: 0, count: size)
    let failure = argon2id_hash_encoded(
        argonTimeCost,
        argonMemoryKiB,
        argonLanes,
        password.baseAddress,
        password.count,
        pw.salt,
        pw.salt.count,
        hashSize,
        &text,
        text.count
    )
    guard failure == 0 else { return ResultCode.unknown }
    let isStored = text.withUnsafeBytes { source in
        pw.setEncoded(UnsafeRawBufferPointer(rebasing: source[..<(source.firstIndex(of: 0) ?? 0)]))
    }
    return isStored ? ResultCode.success : ResultCode.noMemory
}

// MARK: - Text forms

/// Reads `$6$salt$hash`, `$7$iterations$salt$hash` or `$argon2id$…`.
private func parse(_ text: UnsafeRawBufferPointer, into pw: PasswordHash) -> Bool {
    let parts = text.split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false)
    guard parts.count >= 3, parts[0].isEmpty else { return false }
    if parts[1].elementsEqual("argon2id".utf8) {
        guard parts.count == 6 else { return false }
        pw.type = MOSQ_PW_ARGON2ID
        return true
    }
    if parts[1].elementsEqual("6".utf8), parts.count == 4 {
        pw.type = MOSQ_PW_SHA512
        return parseSaltAndHash(parts[2], parts[3], into: pw)
    }
    if parts[1].elementsEqual("7".utf8), parts.count == 5,
        let iterations = CInt(String(decoding: parts[2], as: UTF8.self)), iterations >= 1
    {
        pw.type = MOSQ_PW_SHA512_PBKDF2
        pw.iterations = iterations
        return parseSaltAndHash(parts[3], parts[4], into: pw)
    }
    return false
}

private func parseSaltAndHash(
    _ saltText: Slice<UnsafeRawBufferPointer>,
    _ hashText: Slice<UnsafeRawBufferPointer>,
    into pw: PasswordHash
) -> Bool {
    guard let salt = Base64.decode(saltText, isCanonical: false),
        let hash = Base64.decode(hashText, isCanonical: false),
        saltSizes.contains(salt.count),
        hash.count == hashSize
    else { return false }
    pw.salt = salt
    pw.hash = hash
    return true
}
