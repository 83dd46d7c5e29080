// SPDX-License-Identifier: Apache-2.0
// The ciphers of records and OpenSSL's algorithms for them.

import COpenSSL
import Glibc

/// What protects records that the broker makes itself: a cipher and the hash that comes with it in
/// every cipher suite of TLS 1.2 and 1.3.
enum RecordSuite: CaseIterable {
    case aes128GCM
    case aes256GCM
    case chacha20Poly1305

    /// That of one of OpenSSL's cipher suites; nil for others, such as those with CBC or CCM.
    init?(_ cipher: OpaquePointer) {
        switch SSL_CIPHER_get_cipher_nid(cipher) {
        case NID_aes_128_gcm: self = .aes128GCM
        case NID_aes_256_gcm: self = .aes256GCM
        case NID_chacha20_poly1305: self = .chacha20Poly1305
        default: return nil
        }
        let digest = SSL_CIPHER_get_handshake_digest(cipher)
        guard digest != nil, EVP_MD_get_size(digest) == CInt(secretCount) else { return nil }
    }

    /// Bytes of the longest secret, key and of every nonce and tag.
    static let secretCountMax = 48
    static let keyCountMax = 32
    static let nonceCount = 12
    static let tagCount = 16

    var keyCount: Int { self == .aes128GCM ? 16 : 32 }

    /// Bytes of a secret: a digest of the suite's hash.
    var secretCount: Int { self == .aes256GCM ? 48 : 32 }

    fileprivate var index: Int {
        switch self {
        case .aes128GCM: 0
        case .aes256GCM: 1
        case .chacha20Poly1305: 2
        }
    }

    private static let digestKey: StaticString = "digest"

    private var digestName: StaticString { self == .aes256GCM ? "SHA384" : "SHA256" }

    private var cipherName: String {
        switch self {
        case .aes128GCM: "AES-128-GCM"
        case .aes256GCM: "AES-256-GCM"
        case .chacha20Poly1305: "ChaCha20-Poly1305"
        }
    }

    /// A context for one direction; whoever gets it frees it.
    fileprivate func makeCipher(sealing: Bool) -> OpaquePointer? {
        guard let cipher = EVP_CIPHER_fetch(nil, cipherName, nil) else { return nil }
        defer { EVP_CIPHER_free(cipher) }
        guard let context = EVP_CIPHER_CTX_new() else { return nil }
        let direction: CInt = sealing ? 1 : 0
        guard EVP_CipherInit_ex2(context, cipher, nil, nil, direction, nil) == 1 else {
            EVP_CIPHER_CTX_free(context)
            return nil
        }
        return context
    }

    /// A context for HMAC with the suite's hash; whoever gets it frees it.
    fileprivate func makeMAC() -> OpaquePointer? {
        guard let algorithm = EVP_MAC_fetch(nil, "HMAC", nil) else { return nil }
        defer { EVP_MAC_free(algorithm) }
        guard let context = EVP_MAC_CTX_new(algorithm) else { return nil }
        // The parameter keeps both pointers, so both texts must stay where they are.
        var parameters = [
            OSSL_PARAM_construct_utf8_string(
                Self.digestKey.cString,
                UnsafeMutablePointer(mutating: digestName.cString),
                0
            ), OSSL_PARAM_construct_end(),
        ]
        if EVP_MAC_CTX_set_params(context, &parameters) == 1 { return context }
        EVP_MAC_CTX_free(context)
        return nil
    }
}

/// OpenSSL's contexts for protecting records, one of each kind per thread.
///
/// Connections own keys only: loading one into a context costs less than a third of a microsecond,
/// and a context of its own for each connection and direction more than a kilobyte.
final class RecordCiphers {
    private struct Cipher {
        var context: OpaquePointer?
        /// The number of the key in the context.
        var loaded: UInt64 = 0
    }

    private var opening = [Cipher](repeating: Cipher(), count: RecordSuite.allCases.count)
    private var sealing = [Cipher](repeating: Cipher(), count: RecordSuite.allCases.count)
    private var macs = [OpaquePointer?](repeating: nil, count: RecordSuite.allCases.count)

    deinit {
        for cipher in opening { EVP_CIPHER_CTX_free(cipher.context) }
        for cipher in sealing { EVP_CIPHER_CTX_free(cipher.context) }
        for mac in macs { EVP_MAC_CTX_free(mac) }
    }

    /// A context ready for the next record to be made under `keys`; nil when OpenSSL refuses.
    func sealer(for keys: borrowing TrafficKeys) -> OpaquePointer? {
        Self.prepare(&sealing[keys.suite.index], keys, nonce: keys.nextRecord, isSealing: true)
    }

    /// A context ready for a record to be opened under `keys`, which carries half of its nonce or,
    /// without, is the next one; nil when OpenSSL refuses.
    func opener(for keys: borrowing TrafficKeys, nonce: UInt64?) -> OpaquePointer? {
        let nonce = nonce ?? keys.nextRecord
        return Self.prepare(&opening[keys.suite.index], keys, nonce: nonce, isSealing: false)
    }

    private static func prepare(
        _ cipher: inout Cipher,
        _ keys: borrowing TrafficKeys,
        nonce: UInt64,
        isSealing: Bool
    ) -> OpaquePointer? {
        if cipher.context == nil { cipher.context = keys.suite.makeCipher(sealing: isSealing) }
        let isLoaded = cipher.loaded == keys.number
        let isReady = keys.withKeyAndNonce(nonce) { key, nonce in
            let key = isLoaded ? nil : key
            let direction: CInt = isSealing ? 1 : 0
            return EVP_CipherInit_ex2(cipher.context, nil, key, nonce, direction, nil) == 1
        }
        cipher.loaded = isReady ? keys.number : 0
        return isReady ? cipher.context : nil
    }

    /// HMAC with the hash of a suite; false when OpenSSL refuses.
    func authenticate(
        _ message: [UInt8],
        with secret: UnsafeRawBufferPointer,
        _ suite: RecordSuite,
        into target: UnsafeMutableRawBufferPointer
    ) -> Bool {
        if macs[suite.index] == nil { macs[suite.index] = suite.makeMAC() }
        guard let context = macs[suite.index] else { return false }
        let key = secret.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let output = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
        var count = 0
        return EVP_MAC_init(context, key, secret.count, nil) == 1
            && EVP_MAC_update(context, message, message.count) == 1
            && EVP_MAC_final(context, output, &count, target.count) == 1
    }
}

extension StaticString {
    /// The text as a C string that is never freed.
    fileprivate var cString: UnsafePointer<CChar> {
        UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self)
    }
}
