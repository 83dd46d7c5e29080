// SPDX-License-Identifier: Apache-2.0
// Why a log cannot be opened.

/// Why a log cannot be opened.
package enum LogOpenError: Error, Equatable, CustomStringConvertible {
    /// A file operation failed.
    case file(LogFileError)
    /// Another broker has it open; the text is what that has written into the lock, often its
    /// process identifier.
    case locked(by: String)
    /// It was written by a newer broker.
    case newerVersion(file: String, UInt32)
    /// Bytes are not what was written.
    case damaged(LogPlace, DamageReason)
    /// A file between others is not there.
    case segmentMissing(file: String)

    package var description: String {
        switch self {
        case .file(let error): error.description
        case .locked(let owner): "in use by another broker (process \(owner))"
        case .newerVersion(let file, let version):
            "\(file) has format version \(version), which only a newer broker can read"
        case .damaged(let place, let reason): "\(place): \(reason.rawValue)"
        case .segmentMissing(let file): "\(file) is missing"
        }
    }
}
