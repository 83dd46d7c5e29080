// SPDX-License-Identifier: Apache-2.0
// The encoded passwords of password files and of dynamic security.

import Encoding

/// A password as stored: a salted hash in one of the encodings brokers understand.
///
///     $6$<base 64 salt>$<base 64 hash>                SHA-512 of password and salt
///     $7$<iterations>$<base 64 salt>$<base 64 hash>   PBKDF2-HMAC-SHA512
///     $argon2id$v=19$m=..,t=..,p=..$<salt>$<hash>     Argon2id, PHC string form
///
/// Salt and hash of the first two are given with padding, those of Argon2id without. A new salt has 64
/// bytes; 12, as version 2.0 wrote them, are read as well.
package struct PasswordHash: Sendable, Equatable {
    /// How the hash is computed.
    package enum Algorithm: Sendable, Equatable {
        /// One round of SHA-512, which is weak: for old brokers only.
        case sha512
        /// PBKDF2-HMAC-SHA512 with at least one iteration.
        case pbkdf2(iterations: Int)
        /// One pass over 46 MiB, one lane.
        case argon2id

        /// What the original's tools use unless told otherwise.
        package static let usual = pbkdf2(iterations: 1000)
    }

    /// How the hash is computed.
    package let algorithm: Algorithm
    /// The text stored in files.
    package let encoded: String
    /// Salt and hash; empty for Argon2id, whose library reads them from the text.
    private let salt: [UInt8]
    private let hash: [UInt8]

    private static let saltLengths = [12, newSaltLength]
    private static let newSaltLength = 64

    /// Reads an encoded password; nil if it is not one.
    ///
    /// With `checksArgon2` an Argon2id text whose costs, salt or hash are malformed is none either;
    /// otherwise no password is the one it was made from.
    package init?(decoding text: some Collection<UInt8>, checksArgon2: Bool = true) {
        let fields = Array(text).split(
            separator: UInt8(ascii: "$"),
            omittingEmptySubsequences: false
        )
        guard fields.count >= 4, fields[0].isEmpty else { return nil }
        encoded = String(decoding: text, as: UTF8.self)
        if fields[1].elementsEqual("argon2id".utf8) {
            guard fields.count == 6, !checksArgon2 || Self.isArgon2(fields) else { return nil }
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
        guard let salt = Base64.decode(fields[fields.count - 2], isCanonical: false),
            let hash = Base64.decode(fields[fields.count - 1], isCanonical: false),
            Self.saltLengths.contains(salt.count), hash.count == Self.hashLength
        else { return nil }
        (self.salt, self.hash) = (salt, hash)
    }

    /// Hashes a new password with a fresh salt; nil if the system has no random bytes, or no memory.
    package init?(hashing password: [UInt8], with algorithm: Algorithm = .usual) {
        guard let salt = SystemRandom.bytes(Self.newSaltLength) else { return nil }
        self.init(hashing: password, with: algorithm, salt: salt)
    }

    /// Hashes a password with a given salt; the same input gives the same text.
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
    ///
    /// `iterations`: of PBKDF2, instead of those that the text names; below 1 no password is right.
    package func verify(_ password: [UInt8], iterations other: Int? = nil) -> Bool {
        let computed: [UInt8]?
        switch algorithm {
        case .sha512: computed = Self.sha512(password, salt)
        case .pbkdf2(let iterations):
            guard other ?? iterations >= 1 else { return false }
            computed = Self.pbkdf2(password, salt, other ?? iterations)
        case .argon2id: return Self.verifyArgon2(password, encoded)
        }
        return computed.map { isEqualInConstantTime($0, hash) } ?? false
    }

    /// Whether fields look like what `argon2id_verify` reads: version, costs, salt and hash.
    private static func isArgon2(_ fields: [ArraySlice<UInt8>]) -> Bool {
        guard fields[2].elementsEqual("v=19".utf8) else { return false }
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
