// SPDX-License-Identifier: Apache-2.0
// Hashes to work on where there is no password to be found right.

/// Some clients' hashed passwords.
///
/// A login that fails for another reason than its password, above all because there is no such
/// client, takes as long as one that fails for its password: nobody learns from the time which
/// names there are.
struct Decoys: Sendable {
    private let hashes: [ByteString]

    private static let countMax = 256

    init(_ model: borrowing Model) {
        hashes = model.clients.values.lazy.compactMap(\.fields.password)
            .prefix(Decoys.countMax).map { $0 }
    }

    /// The one for a user name: the same each time, by a choice that only this process knows.
    func hash(for username: Bytes) -> ByteString? {
        guard !hashes.isEmpty else { return nil }
        var hasher = Hasher()
        hasher.combine(bytes: UnsafeRawBufferPointer(username))
        return hashes[Int(hasher.finalize().magnitude % UInt(hashes.count))]
    }
}
