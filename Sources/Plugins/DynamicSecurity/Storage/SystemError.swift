// SPDX-License-Identifier: Apache-2.0
// System calls on files, with their failures as errors.

import Glibc

/// A system call that failed.
package struct SystemError: Error, CustomStringConvertible {
    /// What was being done to which file.
    package let action: String
    /// The error number.
    package let number: Int32

    /// Remembers the current error number.
    init(_ action: String) {
        self.action = action
        number = errno
    }

    /// The reason in the system's words.
    package var reason: String { String(cString: strerror(number)) }

    /// The action and the reason.
    package var description: String { "\(action): \(reason)" }
}

/// The few operations on files that the storage needs; each one either is done or throws.
enum File {
    /// Creates a file nobody else may read; an existing one is an error, a link is never followed.
    static func create(_ path: String) throws(SystemError) -> Int32 {
        try open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC)
    }

    /// Opens a file for reading and writing, and creates it if it is not there.
    static func openForUpdate(_ path: String) throws(SystemError) -> Int32 {
        try open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC)
    }

    private static func open(_ path: String, _ flags: Int32) throws(SystemError) -> Int32 {
        let descriptor = Glibc.open(path, flags, 0o600)
        guard descriptor >= 0 else { throw SystemError("open \(path)") }
        return descriptor
    }

    /// Writes all the bytes.
    static func write(_ bytes: [UInt8], to descriptor: Int32, path: String) throws(SystemError) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SystemError("write \(path)") }
            offset += count
        }
    }

    /// Writes all the bytes to a place in the file.
    static func write(
        _ bytes: [UInt8],
        to descriptor: Int32,
        at place: Int,
        path: String
    ) throws(SystemError) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress, $0.count, place + offset)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SystemError("write \(path)") }
            offset += count
        }
    }

    /// Waits until what was written is on the disk.
    static func sync(_ descriptor: Int32, path: String) throws(SystemError) {
        guard fsync(descriptor) == 0 else { throw SystemError("fsync \(path)") }
    }

    /// Waits until the names in the folder of a file are on the disk.
    static func syncFolder(of path: String) throws(SystemError) {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let descriptor = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open \(folder)") }
        defer { _ = close(descriptor) }
        try sync(descriptor, path: folder)
    }

    /// Gives a finished file its final name.
    static func rename(_ old: String, to new: String) throws(SystemError) {
        guard Glibc.rename(old, new) == 0 else { throw SystemError("rename \(old)") }
        try syncFolder(of: new)
    }

    /// Writes a file beside its final name, then puts it in place of whatever is there.
    static func replace(_ path: String, with bytes: [UInt8]) throws(SystemError) {
        let temporary = path + ".new"
        _ = unlink(temporary)
        let descriptor = try create(temporary)
        defer { _ = close(descriptor) }
        do {
            try write(bytes, to: descriptor, path: temporary)
            try sync(descriptor, path: temporary)
            try rename(temporary, to: path)
        } catch {
            _ = unlink(temporary)
            throw error
        }
    }

    /// The content of a regular file.
    static func read(_ path: String) throws(SystemError) -> [UInt8] {
        // Not blocking, so that a FIFO in the file's place cannot hang the broker.
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw SystemError("open \(path)") }
        defer { _ = close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { throw SystemError("stat \(path)") }
        guard information.st_mode & S_IFMT == S_IFREG else {
            errno = information.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL
            throw SystemError("read \(path)")
        }
        guard information.st_size <= sizeMax else {
            errno = EFBIG
            throw SystemError("read \(path)")
        }
        return try read(descriptor, from: 0, count: Int(information.st_size), path: path)
    }

    /// Larger files hold no state, whatever they are: memory is not asked for.
    private static let sizeMax = 4 << 30

    /// Part of the content of an open file; shorter when the file is.
    static func read(
        _ descriptor: Int32,
        from offset: Int,
        count: Int,
        path: String
    ) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = bytes[done...].withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress, $0.count, offset + done)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw SystemError("read \(path)") }
            if got == 0 { break }
            done += got
        }
        bytes.removeLast(count - done)
        return bytes
    }
}
