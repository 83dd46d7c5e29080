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
