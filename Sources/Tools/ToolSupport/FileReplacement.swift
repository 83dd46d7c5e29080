// SPDX-License-Identifier: Apache-2.0
// Reads and replaces the small files the tools look after, without ever leaving half of one.

import Glibc

/// A file operation that failed, with what the operating system said.
package struct FileError: Error {
    /// What was being done, without the reason.
    package var doing: String
    /// The operating system's reason.
    package var code: CInt
    /// The copy of the old content that was left behind, if any.
    package var backup: String?

    /// The operating system's words for `code`.
    package var reason: String { String(cString: strerror(code)) }
}

/// A whole file as bytes.
package enum FileContent {
    /// Reads all of the file at `path`.
    package static func read(_ path: String) throws(FileError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(doing: "open", code: errno) }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw FileError(doing: "read", code: errno) }
            if count == 0 { return content }
            content += chunk[..<count]
        }
    }

    /// Creates the file at `path`, which must not exist yet, with `content`.
    package static func create(
        _ path: String,
        mode: UInt32,
        content: [UInt8]
    ) throws(FileError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw FileError(doing: "create", code: errno) }
        defer { close(descriptor) }
        do {
            try writeAll(content, to: descriptor)
        } catch {
            unlink(path)
            throw error
        }
    }

    /// Puts `content` in the place of the file at `path`, which keeps its mode and its owner.
    ///
    /// A new file is written beside the old one, synced and renamed over it. Where that cannot be
    /// (the owner cannot be kept, or the file is a mount point of its own as in containers) the
    /// file is rewritten in place, with a backup beside it until that is done.
    package static func replace(_ path: String, with content: [UInt8]) throws(FileError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileError(doing: "open", code: errno) }
        let temporary = try temporaryFile(like: path + ".new.XXXXXX")
        defer { close(temporary.descriptor) }
        do {
            try writeAll(content, to: temporary.descriptor)
        } catch {
            unlink(temporary.path)
            throw error
        }
        if fchown(temporary.descriptor, status.st_uid, status.st_gid) == 0,
            fchmod(temporary.descriptor, status.st_mode & 0o7777) == 0,
            rename(temporary.path, path) == 0
        {
            return
        }
        unlink(temporary.path)
        try rewrite(path, with: content)
    }

    /// Rewrites the file in place; the old content is in a backup until the new is on the disk.
    private static func rewrite(_ path: String, with content: [UInt8]) throws(FileError) {
        let backup = try temporaryFile(like: path + ".backup.XXXXXX")
        defer { close(backup.descriptor) }
        do {
            try writeAll(try read(path), to: backup.descriptor)
        } catch {
            unlink(backup.path)
            throw error
        }
        let descriptor = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            unlink(backup.path)
            throw FileError(doing: "open", code: code)
        }
        defer { close(descriptor) }
        do {
            try writeAll(content, to: descriptor)
        } catch {
            throw FileError(doing: error.doing, code: error.code, backup: backup.path)
        }
        unlink(backup.path)
    }

    private static func temporaryFile(
        like pattern: String
    ) throws(FileError) -> (descriptor: CInt, path: String) {
        var characters = Array(pattern.utf8CString)
        let descriptor = mkstemp(&characters)
        guard descriptor >= 0 else { throw FileError(doing: "create", code: errno) }
        let bytes = characters.dropLast().map { UInt8(bitPattern: $0) }
        return (descriptor, String(decoding: bytes, as: UTF8.self))
    }

    private static func writeAll(_ content: [UInt8], to descriptor: CInt) throws(FileError) {
        var rest = content[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw FileError(doing: "write", code: errno) }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 else { throw FileError(doing: "write", code: errno) }
    }
}
