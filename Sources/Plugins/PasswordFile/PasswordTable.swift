// SPDX-License-Identifier: Apache-2.0
// The content of a password file.

import PasswordHash
import PluginSDK

/// What is wrong with a password file, in the words of the log.
struct PasswordFileError: Error, Equatable {
    let message: String
}

/// Users and their hashed passwords.
///
/// Names are bytes: Swift would take differently composed strings for equal.
struct PasswordTable: Sendable {
    private let hashes: [[UInt8]: PasswordHash]
    /// Some of them.
    private let decoys: [PasswordHash]

    /// The longest user name or encoded password, in bytes.
    private static let lengthMax = 65_535

    /// The number of users.
    var count: Int { hashes.count }

    private static let decoysMax = 256

    /// The hashed password of somebody else, to be worked on in place of that of a user who is not
    /// in the file; nil if nobody is.
    ///
    /// It is as dear as those of users are, also where some are dearer than others. The same user
    /// gets the same one each time, by a choice that only this process knows.
    func decoy(for username: [UInt8]) -> PasswordHash? {
        guard !decoys.isEmpty else { return nil }
        return decoys[Int(username.hashValue.magnitude % UInt(decoys.count))]
    }

    /// The hashed password of a user.
    subscript(username: [UInt8]) -> PasswordHash? { hashes[username] }

    /// Reads `username:encoded-password` lines.
    ///
    /// Lines that begin with `#` and lines without a colon are comments. What follows a second colon is ignored.
    /// As in the original the end of a line is part of its last field until that is trimmed, so `user:` has an
    /// empty password unless nothing at all follows.
    init(parsing content: [UInt8], path: String) throws(PasswordFileError) {
        var hashes: [[UInt8]: PasswordHash] = [:]
        for (index, line) in content.textLines.enumerated()
        where line.first != UInt8(ascii: "#") {
            guard line.contains(UInt8(ascii: ":")) else { continue }
            var fields = line.split(separator: UInt8(ascii: ":"))
            if line.last == UInt8(ascii: ":"), line.endIndex < content.endIndex {
                fields.append([])
            }
            guard let name = fields.first?.trimmed else { continue }
            let place = "'\(path)': line \(index + 1)"
            let hash = try Self.hash(of: name, fields: fields, place: place)
            guard hashes.updateValue(hash, forKey: Array(name)) == nil else {
                let user = String(decoding: name, as: UTF8.self)
                throw PasswordFileError(
                    message: "Error: Duplicate user '\(user)' in password file \(place)."
                )
            }
        }
        self.hashes = hashes
        decoys = Array(hashes.values.prefix(Self.decoysMax))
    }

    private static func hash(
        of name: ArraySlice<UInt8>,
        fields: [ArraySlice<UInt8>],
        place: String
    ) throws(PasswordFileError) -> PasswordHash {
        let user = String(decoding: name, as: UTF8.self)
        guard !name.isEmpty else {
            throw PasswordFileError(message: "Error: Empty username in password file \(place).")
        }
        guard name.count <= lengthMax else {
            throw PasswordFileError(
                message: "Error: Invalid line in password file \(place), username too long."
            )
        }
        guard fields.count > 1 else {
            throw PasswordFileError(
                message:
                    "Error: Invalid line in password file \(place): no user name or no password."
            )
        }
        let password = fields[1].trimmed
        guard password.count <= lengthMax else {
            throw PasswordFileError(
                message: "Error: Invalid line in password file \(place), password too long."
            )
        }
        guard let hash = PasswordHash(decoding: password) else {
            throw PasswordFileError(
                message: "Error: Unable to decode line in password file \(place), user '\(user)':"
                    + " \(fault(in: password)). mosquitto_passwd sets a new one."
            )
        }
        return hash
    }

    /// What is wrong with a password that cannot be read; nothing of it is told.
    private static func fault(in password: ArraySlice<UInt8>) -> String {
        guard !password.isEmpty else { return "the password is empty" }
        let dollar = UInt8(ascii: "$")
        guard password.first == dollar else { return "the password is not hashed" }
        let kind = password.dropFirst().prefix { $0 != dollar }
        let known = ["6", "7", "argon2id"]
        let name = String(decoding: kind.prefix(16), as: UTF8.self)
        guard known.contains(name) else { return "no hash begins with $\(name)$" }
        return "the hash is broken"
    }
}
