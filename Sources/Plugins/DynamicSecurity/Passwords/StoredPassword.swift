// SPDX-License-Identifier: Apache-2.0
// Password hashes as the state file has them: encoded text.

import PasswordHash

/// Makes and verifies encoded password hashes; what is stored stays text until somebody logs in.
package enum StoredPassword {
    /// Encodes a password with a new random salt; nil when the system has no randomness to give.
    package static func make(_ password: ByteString, iterations: Int32) -> ByteString? {
        PasswordHash(hashing: password.bytes, with: .pbkdf2(iterations: Int(iterations)))
            .map { ByteString($0.encoded) }
    }

    /// The encoded form of the separate fields that version 2.0 saved; nil when they are no hash.
    package static func encode(hash: ByteString, salt: ByteString, iterations: Int) -> ByteString? {
        let dollar = [UInt8(ascii: "$")]
        let text = Array("$7$\(iterations)$".utf8) + salt.bytes + dollar + hash.bytes
        return PasswordHash(decoding: text).map { _ in ByteString(text) }
    }

    /// Whether the password is the one that was encoded; false for undecodable text.
    package static func verify(_ password: ByteString, against encoded: ByteString) -> Bool {
        PasswordHash(decoding: encoded.bytes)?.verify(password.bytes) ?? false
    }

    /// Whether a new hash with this many iterations would be harder to break than the stored one.
    package static func isWeaker(_ encoded: ByteString, than iterations: Int32) -> Bool {
        switch PasswordHash(decoding: encoded.bytes)?.algorithm {
        case .sha512: true
        case .pbkdf2(let stored): stored < Int(iterations)
        case .argon2id, nil: false
        }
    }
}
