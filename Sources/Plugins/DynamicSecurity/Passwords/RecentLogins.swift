// SPDX-License-Identifier: Apache-2.0
// Passwords that were found right lately, so that reconnecting clients need no hashing.

import COpenSSL
import Synchronization

/// Remembers, for the hash a client has, a keyed digest of the password that fits it.
///
/// A crowd that reconnects after a network failure is let in without waiting for its password
/// hashes. Nothing here leaves the process: the key is random and lives in memory, like the
/// passwords the broker keeps for the check after a reload. A changed hash makes an entry useless.
final class RecentLogins: Sendable {
    private struct Entry {
        let hash: ByteString
        let digest: [UInt8]
    }

    private static let entriesMax = 100_000

    private let key: [UInt8]
    private let entries = Mutex<[ByteString: Entry]>([:])

    init() {
        var key = [UInt8](repeating: 0, count: 32)
        // Without randomness there is no key, and nothing is remembered.
        self.key = RAND_bytes(&key, 32) == 1 ? key : []
    }

    /// Whether this password was found right for the hash the client has now.
    func has(_ password: Bytes, for client: Client) -> Bool {
        let entry = entries.withLock { $0[client.username] }
        guard let entry, entry.hash == client.fields.password, let digest = digest(password) else {
            return false
        }
        return CRYPTO_memcmp(digest, entry.digest, digest.count) == 0
    }

    /// Remembers a password that was found right.
    func add(_ password: ByteString, for client: Client) {
        guard let hash = client.fields.password,
            let digest = password.bytes.withUnsafeBufferPointer({ digest($0) })
        else { return }
        entries.withLock { entries in
            if entries.count >= RecentLogins.entriesMax { entries.removeAll() }
            entries[client.username] = Entry(hash: hash, digest: digest)
        }
    }

    private func digest(_ password: Bytes) -> [UInt8]? {
        guard !key.isEmpty else { return nil }
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        let isDone = HMAC(
            EVP_sha256(),
            key,
            Int32(key.count),
            password.baseAddress,
            password.count,
            &digest,
            &length
        )
        return isDone == nil ? nil : digest
    }
}
