// SPDX-License-Identifier: Apache-2.0
// Reading and writing files that hold secrets or permissions.

internal import Glibc

/// Files with passwords and permissions: no symbolic links, regular files only, replaced as a whole.
package enum SensitiveFile {
    /// Why a file could not be used.
    package struct Failure: Error, CustomStringConvertible {
        /// The error number; 0 if the path names something other than a regular file.
        package let code: CInt
        /// The reason in words.
        package var description: String {
            code == 0 ? "Not a regular file" : String(cString: strerror(code))
        }
    }

    /// Reads a whole file.
    ///
    /// `warn` is given a line for each way in which others could read it or it belongs to someone else.
    package static func read(
        _ path: String,
        warn: (String) -> Void = { _ in }
    ) throws(Failure) -> [UInt8] {
        // Not blocking, so that a FIFO in the file's place cannot hang the broker.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | noFollow)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Failure(code: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Failure(code: 0) }
        for line in warnings(status, path: path) { warn(line) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw Failure(code: errno)
            }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    /// Replaces a file in one step, so that a crash leaves the old content or the new.
    ///
    /// Its mode is 0600.
    package static func replace(_ path: String, with bytes: [UInt8]) throws(Failure) {
        let temporary = path + ".new"
        _ = unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | noFollow, 0o600)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        var failure: Failure?
        do {
            try write(bytes, to: descriptor)
            if fsync(descriptor) != 0 { failure = Failure(code: errno) }
        } catch {
            failure = error
        }
        if close(descriptor) != 0, failure == nil { failure = Failure(code: errno) }
        if failure == nil, rename(temporary, path) != 0 { failure = Failure(code: errno) }
        if let failure {
            _ = unlink(temporary)
            throw failure
        }
    }

    /// Creates a file that must not exist yet, with mode 0600.
    package static func create(_ path: String, with bytes: [UInt8]) throws(Failure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | noFollow, 0o600)
        guard descriptor >= 0 else { throw Failure(code: errno) }
        defer { close(descriptor) }
        try write(bytes, to: descriptor)
    }

    private static var noFollow: CInt {
        getenv("MOSQUITTO_UNSAFE_ALLOW_SYMLINKS") == nil ? O_NOFOLLOW : 0
    }

    private static func write(_ bytes: [UInt8], to descriptor: CInt) throws(Failure) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: offset), $0.count - offset)
            }
            if count >= 0 {
                offset += count
            } else if errno != EINTR {
                throw Failure(code: errno)
            }
        }
    }

    private static func warnings(_ status: stat, path: String) -> [String] {
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
}

extension Broker {
    /// Reads a file with secrets and logs warnings about its permissions.
    package func readSensitiveFile(_ path: String) throws(SensitiveFile.Failure) -> [UInt8] {
        try SensitiveFile.read(path) { log(.warning, $0) }
    }
}

extension [UInt8] {
    /// The lines of a text file without their ends; an embedded NUL byte ends the text.
    package var textLines: [ArraySlice<UInt8>] {
        let text = prefix { $0 != 0 }
        var lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }
}

extension ArraySlice<UInt8> {
    /// Without white space at the end.
    package var trimmingEnd: ArraySlice<UInt8> {
        var slice = self
        while let last = slice.last, last.isWhiteSpace { slice.removeLast() }
        return slice
    }

    /// Without white space at both ends.
    package var trimmed: ArraySlice<UInt8> {
        trimmingEnd.drop { $0.isWhiteSpace }
    }
}

extension UInt8 {
    /// Space, tab, line feed, vertical tab, form feed or carriage return.
    package var isWhiteSpace: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
}
