// SPDX-License-Identifier: Apache-2.0
// A file operation that failed.

import Glibc

/// What could not be done to which file, and what the operating system said.
package struct FileError: Error, Equatable, CustomStringConvertible {
    /// What was being done: the name of a system call or something as short.
    package let action: String
    /// The file it was done to.
    package let path: String
    /// The error number; 0 when the path names something other than a regular file.
    package let code: CInt
    /// The copy of the old content that was left behind, if any.
    package internal(set) var backup: String?

    /// Remembers the current error number.
    package init(_ action: String, _ path: String) {
        self.init(action, path, code: errno)
    }

    /// An error with a given number.
    package init(_ action: String, _ path: String, code: CInt) {
        self.action = action
        self.path = path
        self.code = code
    }

    /// The reason in words.
    package var reason: String {
        code == 0 ? "Not a regular file" : String(cString: strerror(code))
    }

    /// The reason in words, with what there is to do about it.
    package var explanation: String {
        switch code {
        case EACCES: "\(reason) for \(Self.userName)"
        case ELOOP:
            "it is a symbolic link, which is not followed; name the file itself, or set"
                + " MOSQUITTO_UNSAFE_ALLOW_SYMLINKS"
        default: reason
        }
    }

    /// Who this process runs as: `user 'mosquitto'`, or `user id 1883`.
    private static var userName: String {
        let id = geteuid()
        guard let entry = getpwuid(id) else { return "user id \(id)" }
        return "user '\(String(cString: entry.pointee.pw_name))'"
    }

    /// The action, the file and the reason.
    package var description: String { "\(action) \(path): \(reason)" }
}
