// SPDX-License-Identifier: Apache-2.0
// The key of one direction of a TLS connection.

import COpenSSL
import Glibc
import Synchronization

/// What protects the records of one direction.
///
/// ```
/// 1.3: secret ─"key"─► key    secret ─"iv"─► iv, exclusive-or with the record's number: nonce
///         └──"traffic upd"─► next secret
/// 1.2: the handshake's master secret ─"key expansion"─► keys and ivs of both directions
/// ```
/// (RFC 8446 sections 5.3, 7.2 and 7.3; RFC 5246 section 6.3, RFC 5288, RFC 7905.) The iv of AES in
/// version 1.2 has four bytes, and records carry the other eight of their nonce; here it ends in
/// zeros, so that exclusive-or puts them there.
struct TrafficKeys: ~Copyable {
    /// A secret as the handshake leaves it; shorter ones end in zeros.
    typealias Secret = InlineArray<48, UInt8>

    let suite: RecordSuite
    /// Names the key in the whole process; never 0.
    private(set) var number: UInt64 = 0
    /// The number of the next record.
    private(set) var nextRecord: UInt64
    private var secret: Secret
    private var key = InlineArray<32, UInt8>(repeating: 0)
    private var iv = InlineArray<12, UInt8>(repeating: 0)

    private static let lastNumber = Atomic<UInt64>(0)

    /// Keys of version 1.3 whose next record has the number given; nil when OpenSSL refuses.
    init?(
        _ suite: RecordSuite,
        secret: Secret,
        nextRecord: UInt64,
        _ ciphers: RecordCiphers
    ) {
        self.suite = suite
        self.secret = secret
        self.nextRecord = nextRecord
        guard derive(ciphers) else { return nil }
    }

    /// The key and iv of one direction in version 1.2, whose first record was Finished.
    init(_ suite: RecordSuite, key: ArraySlice<UInt8>, iv: ArraySlice<UInt8>) {
        self.suite = suite
        secret = Secret(repeating: 0)
        nextRecord = 1
        number = Self.lastNumber.add(1, ordering: .relaxed).newValue
        for (index, byte) in key.enumerated() { self.key[index] = byte }
        for (index, byte) in iv.enumerated() { self.iv[index] = byte }
    }

    /// Replaces the key by its successor, whose records count from 0; false when OpenSSL refuses.
    mutating func update(_ ciphers: RecordCiphers) -> Bool {
        var next = Secret(repeating: 0)
        let count = suite.secretCount
        guard expand("traffic upd", count, &next, ciphers) else { return false }
        secret = next
        wipe(&next)
        nextRecord = 0
        return derive(ciphers)
    }

    /// Overwrites everything that is secret.
    mutating func clear() {
        wipe(&secret)
        wipe(&key)
        wipe(&iv)
    }

    /// Calls `body` with the key and the nonce that a record's number makes.
    func withKeyAndNonce<Result>(
        _ record: UInt64,
        _ body: (UnsafePointer<UInt8>?, UnsafePointer<UInt8>?) -> Result
    ) -> Result {
        var nonce = iv
        for index in 0..<8 {
            nonce[11 - index] ^= UInt8(truncatingIfNeeded: record >> (8 * UInt64(index)))
        }
        return key.span.withUnsafeBufferPointer { key in
            nonce.span.withUnsafeBufferPointer { nonce in
                body(key.baseAddress, nonce.baseAddress)
            }
        }
    }

    /// The next record has been made or opened.
    mutating func advance() { nextRecord += 1 }

    private mutating func derive(_ ciphers: RecordCiphers) -> Bool {
        number = Self.lastNumber.add(1, ordering: .relaxed).newValue
        var block = Secret(repeating: 0)
        defer { wipe(&block) }
        guard expand("key", suite.keyCount, &block, ciphers) else { return false }
        for index in 0..<suite.keyCount { key[index] = block[index] }
        guard expand("iv", RecordSuite.nonceCount, &block, ciphers) else { return false }
        for index in 0..<RecordSuite.nonceCount { iv[index] = block[index] }
        return true
    }

    /// HKDF-Expand-Label with an empty context, for results no longer than a digest
    /// (RFC 8446 section 7.1).
    private func expand(
        _ label: String,
        _ count: Int,
        _ target: inout Secret,
        _ ciphers: RecordCiphers
    ) -> Bool {
        let name = Array("tls13 \(label)".utf8)
        let message = [0, UInt8(count), UInt8(name.count)] + name + [0, 1]
        return secret.span.withUnsafeBytes { secret in
            withUnsafeMutableBytes(of: &target) { target in
                ciphers.authenticate(
                    message,
                    with: UnsafeRawBufferPointer(rebasing: secret[..<suite.secretCount]),
                    suite,
                    into: target
                )
            }
        }
    }
}

/// The pseudo-random function of TLS 1.2 (RFC 5246 section 5).
struct PseudoRandomFunction {
    let suite: RecordSuite
    let ciphers: RecordCiphers

    /// `count` bytes from a secret and a labelled seed; nil when OpenSSL refuses.
    func callAsFunction(_ secret: [UInt8], _ seed: [UInt8], _ count: Int) -> [UInt8]? {
        var result: [UInt8] = []
        var chain = seed
        while result.count < count {
            guard let next = authenticate(chain, secret),
                let block = authenticate(next + seed, secret)
            else { return nil }
            chain = next
            result += block
        }
        return Array(result.prefix(count))
    }

    private func authenticate(_ message: [UInt8], _ secret: [UInt8]) -> [UInt8]? {
        var digest = [UInt8](repeating: 0, count: suite.secretCount)
        let isDone = secret.withUnsafeBytes { secret in
            digest.withUnsafeMutableBytes {
                ciphers.authenticate(message, with: secret, suite, into: $0)
            }
        }
        return isDone ? digest : nil
    }
}

/// Overwrites a value that is nothing but bytes, in a way no optimiser removes.
func wipe<Value: BitwiseCopyable>(_ value: inout Value) {
    withUnsafeMutableBytes(of: &value) { OPENSSL_cleanse($0.baseAddress, $0.count) }
}

/// The secrets of a TLS 1.3 handshake, as OpenSSL tells them for key logs.
struct TrafficSecrets {
    /// For what the client sends.
    private(set) var client = TrafficKeys.Secret(repeating: 0)
    /// For what the broker sends.
    private(set) var server = TrafficKeys.Secret(repeating: 0)
    private var clientCount = 0
    private var serverCount = 0

    /// Whether both are there and fit a suite.
    func fit(_ suite: RecordSuite) -> Bool {
        clientCount == suite.secretCount && serverCount == suite.secretCount
    }

    /// Takes a line `LABEL client-random secret`, the last two in hexadecimal.
    mutating func note(_ line: UnsafePointer<CChar>) {
        if let digits = Self.value(of: "CLIENT_TRAFFIC_SECRET_0 ", in: line) {
            clientCount = Self.decode(digits, &client)
        } else if let digits = Self.value(of: "SERVER_TRAFFIC_SECRET_0 ", in: line) {
            serverCount = Self.decode(digits, &server)
        }
    }

    /// Overwrites both.
    mutating func clear() {
        wipe(&client)
        wipe(&server)
        (clientCount, serverCount) = (0, 0)
    }

    private static func value(
        of label: StaticString,
        in line: UnsafePointer<CChar>
    ) -> UnsafePointer<CChar>? {
        let isLabelled = label.utf8Start.withMemoryRebound(
            to: CChar.self,
            capacity: label.utf8CodeUnitCount
        ) { strncmp(line, $0, label.utf8CodeUnitCount) == 0 }
        guard isLabelled, let space = strrchr(line, CInt(UInt8(ascii: " "))) else { return nil }
        return UnsafePointer(space) + 1
    }

    /// Returns the number of bytes; 0 when the text is no secret.
    private static func decode(
        _ digits: UnsafePointer<CChar>,
        _ target: inout TrafficKeys.Secret
    ) -> Int {
        let count = strnlen(digits, 2 * RecordSuite.secretCountMax + 1) / 2
        guard count <= RecordSuite.secretCountMax else { return 0 }
        for index in 0..<count {
            guard let high = value(digits[2 * index]), let low = value(digits[2 * index + 1]) else {
                return 0
            }
            target[index] = high << 4 | low
        }
        return count
    }

    private static func value(_ digit: CChar) -> UInt8? {
        switch UInt8(bitPattern: digit) {
        case let digit where digit >= 0x30 && digit <= 0x39: digit - 0x30
        case let digit where digit >= 0x61 && digit <= 0x66: digit - 0x61 + 10
        case let digit where digit >= 0x41 && digit <= 0x46: digit - 0x41 + 10
        default: nil
        }
    }
}
