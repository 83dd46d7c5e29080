// SPDX-License-Identifier: Apache-2.0
// The encoded passwords of password files and of dynamic security.

internal import CArgon2
internal import COpenSSL
internal import Encoding

/// Random bytes from the system.
package enum SystemRandom {
    /// Fresh bytes; `nil` if the generator fails.
    package static func bytes(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        let code = bytes.withUnsafeMutableBytes {
            RAND_bytes($0.baseAddress?.assumingMemoryBound(to: UInt8.self), CInt(count))
        }
        return code == 1 ? bytes : nil
    }
}

/// Compares secrets in a time that depends on their length alone.
package func isEqualInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.indices { difference |= left[index] ^ right[index] }
    return difference == 0
}

/// A password as stored: a salted hash in one of the encodings brokers understand.
///
///     $6$<base 64 salt>$<base 64 hash>                SHA-512 of password and salt
///     $7$<iterations>$<base 64 salt>$<base 64 hash>   PBKDF2-HMAC-SHA512
///     $argon2id$v=19$m=..,t=..,p=..$<salt>$<hash>     Argon2id, PHC string form
package struct PasswordHash: Sendable, Equatable {
    /// How the hash is computed.
    package enum Algorithm: Sendable, Equatable {
        case sha512
        case pbkdf2(iterations: Int)
        case argon2id
    }

    /// How the hash is computed.
    package let algorithm: Algorithm
    /// The text stored in files.
    package let encoded: String
    private let salt: [UInt8]
    private let hash: [UInt8]

    private static let hashLength = 64
    private static let saltLengths = [12, 64]

    /// Reads an encoded password; `nil` if it is not one.
    package init?(decoding text: some Collection<UInt8>) {
        let fields = text.split(
            separator: UInt8(ascii: "$"),
            omittingEmptySubsequences: false
        )
        guard fields.count >= 4, fields[0].isEmpty else { return nil }
        encoded = String(decoding: text, as: UTF8.self)
        if fields[1].elementsEqual("argon2id".utf8) {
            guard Self.isArgon2(fields) else { return nil }
            algorithm = .argon2id
            (salt, hash) = ([], [])
            return
        }
        switch (fields[1].first, fields[1].count, fields.count) {
        case (UInt8(ascii: "6"), 1, 4):
            algorithm = .sha512
        case (UInt8(ascii: "7"), 1, 5):
            guard let count = Int32(String(decoding: fields[2], as: UTF8.self)), count >= 1 else {
                return nil
            }
            algorithm = .pbkdf2(iterations: Int(count))
        default: return nil
        }
        guard let salt = Base64.decode(fields[fields.count - 2]),
            let hash = Base64.decode(fields[fields.count - 1]),
            Self.saltLengths.contains(salt.count), hash.count == Self.hashLength
        else { return nil }
        (self.salt, self.hash) = (salt, hash)
    }

    /// Hashes a new password with a fresh salt; `nil` if the system has no random bytes.
    package init?(hashing password: [UInt8], with algorithm: Algorithm = .pbkdf2(iterations: 1000))
    {
        guard let salt = SystemRandom.bytes(Self.hashLength) else { return nil }
        self.init(hashing: password, with: algorithm, salt: salt)
    }

    /// Hashes a password with a given salt.
    package init?(hashing password: [UInt8], with algorithm: Algorithm, salt: [UInt8]) {
        self.algorithm = algorithm
        switch algorithm {
        case .sha512:
            guard let hash = Self.sha512(password, salt) else { return nil }
            (self.salt, self.hash) = (salt, hash)
            encoded = "$6$\(Base64.encode(salt))$\(Base64.encode(hash))"
        case .pbkdf2(let iterations):
            guard let hash = Self.pbkdf2(password, salt, iterations) else { return nil }
            (self.salt, self.hash) = (salt, hash)
            encoded = "$7$\(iterations)$\(Base64.encode(salt))$\(Base64.encode(hash))"
        case .argon2id:
            guard let text = Self.argon2(password, salt) else { return nil }
            (self.salt, hash) = ([], [])
            encoded = text
        }
    }

    /// Whether this is the hash of a password; takes milliseconds on purpose.
    package func verify(_ password: [UInt8]) -> Bool {
        let computed: [UInt8]?
        switch algorithm {
        case .sha512: computed = Self.sha512(password, salt)
        case .pbkdf2(let iterations): computed = Self.pbkdf2(password, salt, iterations)
        case .argon2id:
            return password.withUnsafeBytes {
                argon2id_verify(encoded, $0.baseAddress, $0.count) == ARGON2_OK.rawValue
            }
        }
        return computed.map { isEqualInConstantTime($0, hash) } ?? false
    }

    // MARK: - Algorithms

    private static func sha512(_ password: [UInt8], _ salt: [UInt8]) -> [UInt8]? {
        let input = password + salt
        var hash = [UInt8](repeating: 0, count: hashLength)
        let code = EVP_Digest(input, input.count, &hash, nil, EVP_sha512(), nil)
        return code == 1 ? hash : nil
    }

    private static func pbkdf2(
        _ password: [UInt8],
        _ salt: [UInt8],
        _ iterations: Int
    ) -> [UInt8]? {
        guard let count = CInt(exactly: iterations), count >= 1 else { return nil }
        var hash = [UInt8](repeating: 0, count: hashLength)
        let code = password.withUnsafeBytes { password in
            PKCS5_PBKDF2_HMAC(
                password.baseAddress?.assumingMemoryBound(to: CChar.self),
                CInt(password.count),
                salt,
                CInt(salt.count),
                count,
                EVP_sha512(),
                CInt(hashLength),
                &hash
            )
        }
        return code == 1 ? hash : nil
    }

    /// The costs mosquitto_passwd uses: one pass over 46 MB, one lane.
    private static func argon2(_ password: [UInt8], _ salt: [UInt8]) -> String? {
        let (passes, kilobytes, lanes): (UInt32, UInt32, UInt32) = (1, 47_104, 1)
        let length = argon2_encodedlen(
            passes,
            kilobytes,
            lanes,
            UInt32(salt.count),
            UInt32(hashLength),
            Argon2_id
        )
        var text = [CChar](repeating: 0, count: length)
        let code = password.withUnsafeBytes { password in
            argon2id_hash_encoded(
                passes,
                kilobytes,
                lanes,
                password.baseAddress,
                password.count,
                salt,
                salt.count,
                hashLength,
                &text,
                length
            )
        }
        guard code == ARGON2_OK.rawValue else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Whether fields look like what `argon2id_verify` reads: version, costs, salt and hash.
    private static func isArgon2<Bytes: Collection<UInt8>>(_ fields: [Bytes]) -> Bool {
        guard fields.count == 6, fields[2].elementsEqual("v=19".utf8) else { return false }
        let costs = fields[3].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard costs.count == 3 else { return false }
        for (cost, name) in zip(costs, "mtp".utf8) {
            let digits = cost.dropFirst(2)
            guard cost.starts(with: [name, UInt8(ascii: "=")]),
                let number = UInt32(String(decoding: digits, as: UTF8.self)), number > 0
            else { return false }
        }
        guard let salt = Base64.decode(fields[4], isPadded: false),
            let hash = Base64.decode(fields[5], isPadded: false)
        else { return false }
        return salt.count >= 8 && hash.count >= 4
    }
}
