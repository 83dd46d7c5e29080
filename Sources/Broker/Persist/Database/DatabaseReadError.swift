// SPDX-License-Identifier: Apache-2.0
// Why a file cannot be read, and where.

import Glibc

/// Why a file cannot be read; the broker must not start with it.
package struct DatabaseReadError: Error, Equatable, CustomStringConvertible {
    /// What is wrong.
    package enum Reason: Error, Equatable, Sendable {
        /// open(2) or read(2) failed with this `errno`.
        case readFailed(CInt)
        /// It is a directory, or the like.
        case notRegular
        /// The file is over where more must be.
        case endsEarly
        /// It does not begin as such a file does.
        case unrecognisedFormat
        case unsupportedVersion(UInt32)
        /// The numbers of its messages have another size.
        case incompatibleNumberSize(UInt8)
        /// The lengths inside a chunk do not add up to its own.
        case wrongLength
        /// A chunk or payload is longer than any can be.
        case tooLong
        /// A number that cannot be.
        case invalidValue(StaticString)
        /// Properties that are none.
        case malformedProperties

        package static func == (left: Reason, right: Reason) -> Bool {
            left.text == right.text
        }

        /// The reason in words.
        var text: String {
            switch self {
            case .readFailed(let code): String(cString: strerror(code))
            case .notRegular: "Not a regular file"
            case .endsEarly: "Unexpected end of file"
            case .unrecognisedFormat: "Unrecognised file format"
            case .unsupportedVersion(let version): "Unsupported format version \(version)"
            case .incompatibleNumberSize(let size): "Identifiers of \(size) bytes"
            case .wrongLength: "Lengths do not add up"
            case .tooLong: "Too long"
            case .invalidValue(let field): "Invalid \(field)"
            case .malformedProperties: "Malformed properties"
            }
        }
    }

    package let reason: Reason
    /// What was being read; nil for the head of the file.
    package let kind: DatabaseChunkKind?
    /// Where in the file the chunk begins, or what could not be read.
    package let offset: UInt64

    package init(reason: Reason, kind: DatabaseChunkKind?, offset: UInt64) {
        self.reason = reason
        self.kind = kind
        self.offset = offset
    }

    /// The error as the original logs it.
    ///
    /// Where the original has but the text of some `errno`, it is ours of the same form. The
    /// broker logs `Error: Couldn't open database.` after it and exits with status 1.
    package var logLine: String {
        switch reason {
        case .unrecognisedFormat:
            "Error: Unable to restore persistent database. Unrecognised file format."
        case .unsupportedVersion(let version):
            "Error: Unsupported persistent database format version \(version) (need version \(DatabaseFormat.version))."
        case .incompatibleNumberSize(let size):
            "Error: Incompatible database configuration (dbid size is \(size) bytes, expected \(DatabaseFormat.numberByteCount))"
        default: "Error: \(reason.text)."
        }
    }

    /// The error with its place.
    package var description: String {
        let part = kind.map { "\($0.name) at byte \(offset)" } ?? "byte \(offset)"
        return "persistent database, \(part): \(reason.text)"
    }
}
