// SPDX-License-Identifier: Apache-2.0
// The names of the ways in which a password may be stored.

import PasswordHash

/// The ways a password may be stored, by the names `mosquitto_passwd -H` knows.
enum PasswordAlgorithm: String, CaseIterable {
    case argon2id
    case sha512PBKDF2 = "sha512-pbkdf2"
    case sha512

    /// The way itself; only PBKDF2 has iterations.
    func hash(iterations: Int32) -> PasswordHash.Algorithm {
        switch self {
        case .argon2id: .argon2id
        case .sha512PBKDF2: .pbkdf2(iterations: Int(iterations))
        case .sha512: .sha512
        }
    }
}
