// SPDX-License-Identifier: Apache-2.0
// New files and new content for old ones: whatever happens, one finds the old content or the new.

import Glibc

extension File {
    /// Creates the file at `path`, which must not exist yet, with `content`, on the disk when this
    /// returns.
    package static func create(
        _ path: String,
        mode: UInt32 = 0o600,
        content: [UInt8]
    ) throws(FileError) {
        let descriptor = try create(path, mode: mode)
        defer { _ = close(descriptor) }
        try write(content, to: descriptor, orUnlink: path)
    }

    /// Waits until the names in the folder of a file are on the disk.
    package static func syncFolder(of path: String) throws(FileError) {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let descriptor = try open(folder, O_RDONLY | O_DIRECTORY)
        defer { _ = close(descriptor) }
        try sync(descriptor, path: folder)
    }

    /// Gives a finished file its final name, on the disk when this returns.
    package static func rename(_ old: String, to new: String) throws(FileError) {
        guard Glibc.rename(old, new) == 0 else { throw FileError("rename", old) }
        try syncFolder(of: new)
    }

    /// Writes a file with mode 0600 beside its final name, then puts it in place of whatever is
    /// there.
    package static func replace(_ path: String, with content: [UInt8]) throws(FileError) {
        let temporary = path + ".new"
        _ = unlink(temporary)
        try create(temporary, content: content)
        do {
            try rename(temporary, to: path)
        } catch {
            _ = unlink(temporary)
            throw error
        }
    }

    // MARK: - A file that keeps its mode and owner

    /// Puts `content` in the place of the file at `path`, which keeps its mode and its owner.
    ///
    /// A new file is written beside the old one, synced and renamed over it. Where that cannot be
    /// (the owner cannot be kept, or the file is a mount point of its own as in containers) the
    /// file is rewritten in place, with a backup beside it until that is done.
    package static func replaceContent(
        of path: String,
        with content: [UInt8]
    ) throws(FileError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileError("open", path) }
        let temporary = try temporaryFile(like: path + ".new.XXXXXX")
        defer { _ = close(temporary.descriptor) }
        try write(content, to: temporary.descriptor, orUnlink: temporary.path)
        if fchown(temporary.descriptor, status.st_uid, status.st_gid) == 0,
            fchmod(temporary.descriptor, status.st_mode & 0o7777) == 0,
            Glibc.rename(temporary.path, path) == 0
        {
            return
        }
        _ = unlink(temporary.path)
        try rewrite(path, with: content)
    }

    /// Rewrites the file in place; the old content is in a backup until the new is on the disk.
    private static func rewrite(_ path: String, with content: [UInt8]) throws(FileError) {
        let backup = try temporaryFile(like: path + ".backup.XXXXXX")
        defer { _ = close(backup.descriptor) }
        let descriptor: CInt
        do {
            try write(try readToEnd(path), to: backup.descriptor, path: backup.path)
            try sync(backup.descriptor, path: backup.path)
            descriptor = try open(path, O_WRONLY | O_TRUNC)
        } catch {
            _ = unlink(backup.path)
            throw error
        }
        defer { _ = close(descriptor) }
        do {
            try write(content, to: descriptor, path: path)
            try sync(descriptor, path: path)
        } catch {
            var error = error
            error.backup = backup.path
            throw error
        }
        _ = unlink(backup.path)
    }

    private static func temporaryFile(
        like pattern: String
    ) throws(FileError) -> (descriptor: CInt, path: String) {
        var characters = Array(pattern.utf8CString)
        let descriptor = mkstemp(&characters)
        guard descriptor >= 0 else { throw FileError("create", pattern) }
        let bytes = characters.dropLast().map { UInt8(bitPattern: $0) }
        return (descriptor, String(decoding: bytes, as: UTF8.self))
    }

    /// Writes and syncs a file that is of no use unless that succeeds.
    private static func write(
        _ content: [UInt8],
        to descriptor: CInt,
        orUnlink path: String
    ) throws(FileError) {
        do {
            try write(content, to: descriptor, path: path)
            try sync(descriptor, path: path)
        } catch {
            _ = unlink(path)
            throw error
        }
    }
}
