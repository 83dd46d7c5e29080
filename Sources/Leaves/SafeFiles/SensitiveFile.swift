// SPDX-License-Identifier: Apache-2.0
// Opening files that hold secrets: never through a symbolic link, never readable by others.

import Glibc

/// Opens password, ACL, PSK, persistence, log and key-log files.
///
/// The last component of the path must not be a symbolic link unless
/// `MOSQUITTO_UNSAFE_ALLOW_SYMLINKS` is set, and must be a regular file. What is created gets mode 0600.
package enum SensitiveFile {
    /// Whether the environment allows symbolic links.
    package static var allowsSymbolicLinks: Bool {
        getenv("MOSQUITTO_UNSAFE_ALLOW_SYMLINKS") != nil
    }

    /// Opens a file for appending, creating it if need be; the caller closes the descriptor.
    package static func openForAppending(_ path: String) throws(FileError) -> CInt {
        try open(path, O_WRONLY | O_APPEND | O_CREAT)
    }

    /// Why a file cannot be appended to; nil if it can.
    ///
    /// What is not there is not created.
    package static func obstacleToAppending(_ path: String) -> FileError? {
        do throws(FileError) {
            _ = close(try open(path, O_WRONLY | O_APPEND))
            return nil
        } catch {
            guard error.code == ENOENT else { return error }
            let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
            return access(folder, W_OK | X_OK) == 0 ? nil : FileError("create", path)
        }
    }

    /// Opens a file for reading; the caller closes the descriptor.
    package static func openForReading(_ path: String) throws(FileError) -> CInt {
        try open(path, O_RDONLY)
    }

    /// Reads a whole file.
    ///
    /// `warn` is given a line for each way in which others could read it or it belongs to someone else.
    package static func read(
        _ path: String,
        warn: (String) -> Void = { _ in }
    ) throws(FileError) -> [UInt8] {
        let descriptor = try open(path, O_RDONLY)
        defer { _ = close(descriptor) }
        for line in warnings(for: descriptor, path: path) { warn(line) }
        return try File.readToEnd(descriptor, path: path)
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
    private static func open(_ path: String, _ flags: CInt) throws(FileError) -> CInt {
        // Not blocking, so that a FIFO in the file's place cannot hang the process.
        let careful = flags | O_NONBLOCK | (allowsSymbolicLinks ? 0 : O_NOFOLLOW)
        let descriptor = try File.open(path, careful)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            _ = close(descriptor)
            let isFolder = status.st_mode & S_IFMT == S_IFDIR
            throw FileError("open", path, code: isFolder ? EISDIR : 0)
        }
        return descriptor
    }
}
