// SPDX-License-Identifier: Apache-2.0
// Opening files that hold secrets: never through a symbolic link, never readable by others.

import CLinux
import Glibc

/// Opens password, ACL, PSK, persistence, log and key-log files.
///
/// The last component of the path must not be a symbolic link unless
/// `MOSQUITTO_UNSAFE_ALLOW_SYMLINKS` is set, and must be a regular file. What is created gets mode 0600.
package enum SensitiveFile {
    /// Why a file was refused.
    package struct Failure: Error {
        /// The error number; 0 if the file is not a regular file.
        package let code: CInt
        /// The reason in words.
        package var reason: String {
            code == 0 ? "Not a regular file" : String(cString: strerror(code))
        }
    }

    /// Whether the environment allows symbolic links.
    package static var allowsSymbolicLinks: Bool {
        getenv("MOSQUITTO_UNSAFE_ALLOW_SYMLINKS") != nil
    }

    /// Opens an existing file for reading; the caller closes the descriptor.
    package static func openForReading(_ path: String) -> Result<CInt, Failure> {
        open(path, O_RDONLY)
    }

    /// Opens a file for appending, creating it if need be; the caller closes the descriptor.
    package static func openForAppending(_ path: String) -> Result<CInt, Failure> {
        open(path, O_WRONLY | O_APPEND | O_CREAT)
    }

    /// The lines to warn with when others could read the open file or it belongs to somebody else.
    package static func warnings(for descriptor: CInt, path: String) -> [String] {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return [] }
        let refusal = "Future versions will refuse to load this file."
        var lines: [String] = []
        if status.st_mode & 0o007 != 0 {
            lines.append("Warning: File \(path) has world readable permissions. \(refusal)")
            lines.append("To fix this, use `chmod 0700 \(path)`.")
        }
        if status.st_uid != geteuid() {
            lines.append("Warning: File \(path) owner is not user id \(geteuid()). \(refusal)")
        }
        if status.st_gid != getegid() {
            lines.append("Warning: File \(path) group is not group id \(getegid()). \(refusal)")
        }
        return lines
    }

    /// Opens the file and refuses everything but regular files.
    private static func open(_ path: String, _ flags: CInt) -> Result<CInt, Failure> {
        let follow = allowsSymbolicLinks ? 0 : O_NOFOLLOW
        // Not blocking, so that a FIFO in the file's place cannot hang the broker.
        let descriptor = Glibc.open(path, flags | follow | O_CLOEXEC | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else { return .failure(Failure(code: errno)) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            _ = close(descriptor)
            return .failure(Failure(code: 0))
        }
        return .success(descriptor)
    }
}
