// SPDX-License-Identifier: Apache-2.0
// System calls on files: each is done as a whole or throws.

import Glibc

/// Opening, reading and writing; calls that a signal interrupts are repeated.
///
/// Descriptors that are returned belong to the caller, who closes them.
package enum File {
    /// Larger files hold nothing that is read as a whole: memory is not asked for.
    private static let sizeMax = 4 << 30

    // MARK: - Opening

    /// Creates a file that must not exist yet and that nobody else may read; a link is never followed.
    package static func create(_ path: String, mode: UInt32 = 0o600) throws(FileError) -> CInt {
        try open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode)
    }

    /// Opens a file for reading and writing, and creates it, for nobody else, if it is not there.
    package static func openForUpdate(_ path: String) throws(FileError) -> CInt {
        try open(path, O_RDWR | O_CREAT | O_NOFOLLOW)
    }

    /// Opens or creates a file; what is created gets `mode`.
    static func open(
        _ path: String,
        _ flags: CInt,
        _ mode: UInt32 = 0o600
    ) throws(FileError) -> CInt {
        let descriptor = Glibc.open(path, flags | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw FileError("open", path) }
        return descriptor
    }

    // MARK: - Writing

    /// Writes all the bytes.
    package static func write(
        _ bytes: [UInt8],
        to descriptor: CInt,
        path: String
    ) throws(FileError) {
        try writeAll(bytes, path) { rest, _ in
            Glibc.write(descriptor, rest.baseAddress, rest.count)
        }
    }

    /// Writes all the bytes to a place in the file.
    package static func write(
        _ bytes: [UInt8],
        to descriptor: CInt,
        at place: Int,
        path: String
    ) throws(FileError) {
        try writeAll(bytes, path) { rest, done in
            pwrite(descriptor, rest.baseAddress, rest.count, place + done)
        }
    }

    private static func writeAll(
        _ bytes: [UInt8],
        _ path: String,
        _ write: (_ rest: UnsafeRawBufferPointer, _ done: Int) -> Int
    ) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { write($0, done) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileError("write", path) }
            done += count
        }
    }

    /// Waits until what was written is on the disk.
    package static func sync(_ descriptor: CInt, path: String) throws(FileError) {
        guard fsync(descriptor) == 0 else { throw FileError("fsync", path) }
    }

    // MARK: - Reading

    /// The content of a regular file, which may be reached through a link.
    package static func read(_ path: String) throws(FileError) -> [UInt8] {
        // Not blocking, so that a FIFO in the file's place cannot hang the process.
        let descriptor = try open(path, O_RDONLY | O_NONBLOCK)
        defer { _ = close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError("stat", path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            let isFolder = status.st_mode & S_IFMT == S_IFDIR
            throw FileError("read", path, code: isFolder ? EISDIR : EINVAL)
        }
        guard status.st_size <= sizeMax else { throw FileError("read", path, code: EFBIG) }
        return try read(descriptor, from: 0, count: Int(status.st_size), path: path)
    }

    /// All that can be read at a path, which may be a pipe or a terminal as well; waits for its end.
    package static func readToEnd(_ path: String) throws(FileError) -> [UInt8] {
        let descriptor = try open(path, O_RDONLY)
        defer { _ = close(descriptor) }
        return try readToEnd(descriptor, path: path)
    }

    /// What is left to read of an open file.
    static func readToEnd(_ descriptor: CInt, path: String) throws(FileError) -> [UInt8] {
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError("read", path) }
            if count == 0 { return content }
            content += chunk[..<count]
        }
    }

    /// Part of the content of an open file; shorter when the file is.
    package static func read(
        _ descriptor: CInt,
        from offset: Int,
        count: Int,
        path: String
    ) throws(FileError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = bytes[done...].withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress, $0.count, offset + done)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw FileError("read", path) }
            if got == 0 { break }
            done += got
        }
        bytes.removeLast(count - done)
        return bytes
    }
}
