// SPDX-License-Identifier: Apache-2.0
// The lines of a password file and the changes that can be made to them.

import PasswordHash
import ToolSupport

/// A line that is not of the form `username:password`.
struct CorruptLine: Error, Equatable {
    /// The line's number, from 1.
    var number: Int
}

/// The content of a password file; lines nobody asked to change keep every byte.
struct PasswordFile {
    private struct Line {
        var bytes: [UInt8]
        var user: ArraySlice<UInt8>
        var password: ArraySlice<UInt8>
    }

    private var lines: [Line] = []

    /// Creates an empty file.
    init() {}

    /// Takes a file apart; comments and blank lines count as corrupt, as in the original tool.
    init(_ content: [UInt8]) throws(CorruptLine) {
        let newline = UInt8(ascii: "\n")
        var parts = content.split(separator: newline, omittingEmptySubsequences: false)
        if parts.last?.isEmpty == true { parts.removeLast() }
        for (index, part) in parts.enumerated() {
            guard let line = Self.line(Array(part)) else { throw CorruptLine(number: index + 1) }
            lines.append(line)
        }
    }

    /// Whether there is no entry.
    var isEmpty: Bool { lines.isEmpty }

    /// The whole file; every line ends with a newline.
    var content: [UInt8] { lines.flatMap { $0.bytes + [UInt8(ascii: "\n")] } }

    /// Gives `user` a new encoded password, at its place or at the end.
    ///
    /// - Returns: whether the user was there already.
    mutating func set(_ user: String, encoded: String) -> Bool {
        let name = Array(user.utf8)
        let password = Array(encoded.utf8)
        let bytes = name + [UInt8(ascii: ":")] + password
        let line = Line(bytes: bytes, user: name[...], password: password[...])
        guard let index = lines.firstIndex(where: { Array($0.user) == name }) else {
            lines.append(line)
            return false
        }
        lines[index] = line
        return true
    }

    /// Removes `user`; false when there is none of that name.
    mutating func delete(_ user: String) -> Bool {
        let name = Array(user.utf8)
        let before = lines.count
        lines.removeAll { Array($0.user) == name }
        return lines.count < before
    }

    /// Replaces every password, taken as plain text, by its encoded form; false when one could not
    /// be hashed.
    mutating func hashAll(with algorithm: PasswordHash.Algorithm) -> Bool {
        for index in lines.indices {
            let password = Array(lines[index].password)
            guard let hash = PasswordHash(hashing: password, with: algorithm) else { return false }
            let encoded = Array(hash.encoded.utf8)
            let user = lines[index].user
            lines[index].bytes = user + [UInt8(ascii: ":")] + encoded
            lines[index].password = encoded[...]
        }
        return true
    }

    /// Splits at the first run of colons; what follows a second one is not part of the password.
    private static func line(_ bytes: [UInt8]) -> Line? {
        let colon = UInt8(ascii: ":")
        let words = bytes.split(separator: colon, maxSplits: 2)
        guard words.count >= 2, bytes.first != colon else { return nil }
        let user = trimmed(words[0])
        let password = trimmed(words[1])
        guard !user.isEmpty, !password.isEmpty else { return nil }
        return Line(bytes: bytes, user: user, password: password)
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        var kept = bytes.drop(while: isBlank)
        while let last = kept.last, isBlank(last) { kept.removeLast() }
        return kept
    }
}
