// SPDX-License-Identifier: Apache-2.0
// What can be wrong with a session log.

import CLinux
import Glibc

/// A file operation that failed, with its name, its file and `errno`.
package struct LogFileError: Error, Equatable, CustomStringConvertible {
    /// The name of the call, as in section 2 of the manual.
    package let call: String
    /// The file or folder.
    package let path: String
    /// The value of `errno` after the call.
    package let code: CInt

    package init(_ call: String, _ path: String, code: CInt = errno) {
        self.call = call
        self.path = path
        self.code = code
    }

    package var description: String { "\(call) \(path): \(String(cString: strerror(code)))" }
}

/// A place in the log.
package struct LogPlace: Sendable, Equatable, CustomStringConvertible {
    /// The name of the file in the log's folder.
    package let file: String
    /// Bytes from its beginning.
    package let offset: Int

    package init(file: String, offset: Int) {
        self.file = file
        self.offset = offset
    }

    package var description: String { "\(file) at byte \(offset)" }
}

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

/// What is wrong with damaged bytes.
package enum DamageReason: String, Sendable, Equatable {
    /// The head of the file.
    case header = "the file does not begin as a segment does"
    /// The name.
    case misplaced = "the file belongs elsewhere"
    /// Another log's.
    case foreign = "the file belongs to another log"
    /// A frame that is not whole, before others that are.
    case frame = "a frame is damaged"
    /// Frames are not there.
    case frameMissing = "frames are missing before this one"
    /// A frame is whole and its records mean nothing.
    case record = "a record is malformed"
    /// The file ends too early.
    case short = "the file is shorter than it was"
}
