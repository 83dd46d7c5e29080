// SPDX-License-Identifier: Apache-2.0
// The files of a log in a real folder.

import CLinux
import Glibc
import Synchronization

/// The folder of a log, locked against other brokers for as long as this object lives.
///
/// Files are 0600, the folder 0700; no symbolic link is followed to a file.
package final class LogFolder: LogFiles {
    private static let lockName = "LOCK"
    /// How often a lock may be removed by others while it is taken.
    private static let lockAttemptsMax = 16

    private let path: String
    /// The open file that is locked.
    private let lock: Mutex<CInt>

    /// Makes the folder if need be and takes the lock.
    package init(_ path: String) throws(LogOpenError) {
        self.path = path
        do throws(LogFileError) { try Self.make(path) } catch { throw .file(error) }
        lock = Mutex(try Self.takeLock(path))
    }

    deinit { _ = close(lock.withLock { $0 }) }

    // MARK: The lock

    private static func make(_ path: String) throws(LogFileError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw LogFileError("mkdir", path) }
    }

    private static func takeLock(_ path: String) throws(LogOpenError) -> CInt {
        let name = path + "/" + lockName
        for _ in 0..<lockAttemptsMax {
            let lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard lock >= 0 else { throw .file(LogFileError("open", name)) }
            guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
                let code = errno
                let owner = owner(lock)
                _ = close(lock)
                if code == EWOULDBLOCK { throw .locked(by: owner) }
                throw .file(LogFileError("flock", name, code: code))
            }
            if isFile(lock, at: name) {
                sign(lock)
                return lock
            }
            // It was removed between the two calls: the next one makes another.
            _ = close(lock)
        }
        throw .file(LogFileError("open", name, code: ENOENT))
    }

    /// Whether an open file is still the one with this name.
    fileprivate static func isFile(_ descriptor: CInt, at path: String) -> Bool {
        var open = stat()
        var named = stat()
        guard fstat(descriptor, &open) == 0 else { return false }
        // If the disk does not say, it is another fault than this.
        guard lstat(path, &named) == 0 else { return errno != ENOENT && errno != ENOTDIR }
        return open.st_dev == named.st_dev && open.st_ino == named.st_ino
    }

    /// Whether the lock that keeps other brokers out is where these look for it.
    fileprivate var isLocked: Bool {
        Self.isFile(lock.withLock { $0 }, at: place(Self.lockName))
    }

    private func lockAgain() throws(LogFileError) {
        guard !isLocked else { return }
        let taken: CInt
        do throws(LogOpenError) {
            taken = try Self.takeLock(path)
        } catch {
            if case .file(let error) = error { throw error }
            throw LogFileError("flock", place(Self.lockName), code: EWOULDBLOCK)
        }
        let before = lock.withLock { lock in
            defer { lock = taken }
            return lock
        }
        _ = close(before)
    }

    private static func sign(_ lock: CInt) {
        let text = "\(getpid())\n"
        _ = ftruncate(lock, 0)
        // Only for the message another broker prints: the lock holds without it.
        _ = text.withCString { pwrite(lock, $0, strlen($0), 0) }
    }

    private static func owner(_ lock: CInt) -> String {
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = bytes.withUnsafeMutableBytes { pread(lock, $0.baseAddress, $0.count, 0) }
        let digits = bytes.prefix(max(0, count)).prefix { $0 >= 0x30 && $0 <= 0x39 }
        return digits.isEmpty ? "unknown" : String(decoding: digits, as: UTF8.self)
    }

    private func place(_ name: String) -> String { path + "/" + name }

    package func makeFolder() throws(LogFileError) {
        try Self.make(path)
        try lockAgain()
        try syncParent()
    }

    /// Waits until the folder's own name is on the disk, whoever has made it.
    private func syncParent() throws(LogFileError) {
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw LogFileError("open", path) }
        defer { _ = close(folder) }
        let parent = openat(folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard parent >= 0 else {
            // One that may not be listed: then everything has to be waited for.
            return Glibc.sync()
        }
        defer { _ = close(parent) }
        // A file system that has no such thing, or was never written to, is no fault.
        guard fsync(parent) == 0 || [EINVAL, ENOTSUP, EROFS].contains(errno) else {
            throw LogFileError("fsync", path + "/..")
        }
    }

    package func names() throws(LogFileError) -> [String] {
        guard let folder = opendir(path) else {
            if errno == ENOENT { return [] }
            throw LogFileError("opendir", path)
        }
        defer { closedir(folder) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != "..", name != Self.lockName { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw LogFileError("readdir", path) }
        return names
    }

    package func read(_ name: String) throws(LogFileError) -> LogBytes {
        let place = place(name)
        let descriptor = open(place, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw LogFileError("open", place) }
        defer { _ = close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw LogFileError("fstat", place) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw LogFileError("open", place, code: EINVAL)
        }
        _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
        return try LogBytes(capacity: Int(status.st_size)) {
            (memory) throws(LogFileError) in
            var count = 0
            while count < memory.count {
                let got = Glibc.read(
                    descriptor,
                    memory.baseAddress.map { $0 + count },
                    memory.count - count
                )
                if got == 0 { break }
                if got > 0 {
                    count += got
                } else if errno != EINTR {
                    throw LogFileError("read", place)
                }
            }
            return count
        }
    }

    package func create(_ name: String) throws(LogFileError) -> any LogFile {
        let place = place(name)
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW
        let descriptor = open(place, flags, 0o600)
        guard descriptor >= 0 else { throw LogFileError("open", place) }
        return DescriptorFile(descriptor, place, in: self)
    }

    package func sync(_ name: String) throws(LogFileError) {
        let place = place(name)
        let descriptor = open(place, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw LogFileError("open", place) }
        defer { _ = close(descriptor) }
        guard fdatasync(descriptor) == 0 else { throw LogFileError("fdatasync", place) }
    }

    package func remove(_ name: String) throws(LogFileError) {
        let place = place(name)
        guard unlink(place) == 0 || errno == ENOENT else { throw LogFileError("unlink", place) }
    }

    package func syncFolder() throws(LogFileError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw LogFileError("open", path) }
        defer { _ = close(descriptor) }
        guard fsync(descriptor) == 0 else { throw LogFileError("fsync", path) }
    }
}

/// A segment by its descriptor.
private final class DescriptorFile: LogFile {
    /// Most pieces of one system call, IOV_MAX of Linux.
    private static let piecesMax = 1024

    private let descriptor: CInt
    private let path: String
    /// Kept, and so locked, as long as the file is written.
    private let folder: LogFolder

    init(_ descriptor: CInt, _ path: String, in folder: LogFolder) {
        self.descriptor = descriptor
        self.path = path
        self.folder = folder
    }

    deinit { _ = close(descriptor) }

    func append(_ pieces: [UnsafeRawBufferPointer]) throws(LogFileError) {
        var vectors = pieces.map {
            iovec(iov_base: UnsafeMutableRawPointer(mutating: $0.baseAddress), iov_len: $0.count)
        }
        var first = 0
        while first < vectors.count {
            let count = min(Self.piecesMax, vectors.count - first)
            var written = vectors.withUnsafeBufferPointer {
                writev(descriptor, $0.baseAddress.map { $0 + first }, CInt(count))
            }
            guard written >= 0 else {
                if errno == EINTR { continue }
                throw LogFileError("write", path)
            }
            // A file takes nothing only when nothing was asked of it.
            if written == 0, vectors[first].iov_len > 0 {
                throw LogFileError("write", path, code: ENOSPC)
            }
            while first < vectors.count, written >= vectors[first].iov_len {
                written -= vectors[first].iov_len
                first += 1
            }
            guard first < vectors.count else { return }
            vectors[first].iov_base = vectors[first].iov_base.map { $0 + written }
            vectors[first].iov_len -= written
        }
    }

    func sync() throws(LogFileError) {
        while fdatasync(descriptor) != 0 {
            guard errno == EINTR else { throw LogFileError("fdatasync", path) }
        }
    }

    func isRemoved() -> Bool {
        !folder.isLocked || !LogFolder.isFile(descriptor, at: path)
    }
}
