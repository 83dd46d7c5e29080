// SPDX-License-Identifier: Apache-2.0
// Files are created and replaced as a whole or not at all.

import Glibc
import SafeFiles
import Testing

@Suite("Files that are made and replaced as a whole")
struct FileTests {
    private let folder = TemporaryFolder()

    @Test("A file is created once, for its owner alone unless told otherwise")
    func create() throws {
        try File.create(folder["a"], content: [1, 2, 3])
        #expect(try File.read(folder["a"]) == [1, 2, 3])
        #expect(folder.mode(of: "a") == 0o600)
        #expect(throws: FileError("open", folder["a"], code: EEXIST)) {
            try File.create(folder["a"], content: [4])
        }
        #expect(try File.read(folder["a"]) == [1, 2, 3])
        try File.create(folder["b"], mode: 0o640, content: [])
        #expect(folder.mode(of: "b") & ~0o640 == 0)
    }

    @Test("A replaced file has the new content, mode 0600, and leaves nothing behind")
    func replace() throws {
        try File.create(folder["a.new"], content: [9])
        try File.replace(folder["a"], with: [1])
        #expect(chmod(folder["a"], 0o644) == 0)
        try File.replace(folder["a"], with: [2, 3])
        #expect(try File.read(folder["a"]) == [2, 3])
        #expect(folder.mode(of: "a") == 0o600)
        #expect(folder.names == ["a"])
    }

    @Test("What is replaced is a link itself, not the file behind it")
    func replaceLink() throws {
        try File.create(folder["target"], content: [1])
        #expect(symlink(folder["target"], folder["link"]) == 0)
        try File.replace(folder["link"], with: [2])
        #expect(try File.read(folder["target"]) == [1])
        #expect(try File.read(folder["link"]) == [2])
    }

    @Test("New content leaves the mode as it was, and nothing behind")
    func replaceContent() throws {
        try File.create(folder["a"], content: [1])
        #expect(chmod(folder["a"], 0o751) == 0)
        try File.replaceContent(of: folder["a"], with: Array(repeating: 7, count: 100_000))
        #expect(try File.read(folder["a"]).count == 100_000)
        #expect(folder.mode(of: "a") == 0o751)
        #expect(folder.names == ["a"])
        #expect(throws: FileError("open", folder["b"], code: ENOENT)) {
            try File.replaceContent(of: folder["b"], with: [])
        }
    }

    @Test("Part of a file is read and written in place, up to its end")
    func parts() throws {
        let descriptor = try File.openForUpdate(folder["a"])
        defer { close(descriptor) }
        try File.write([1, 2, 3, 4], to: descriptor, path: "a")
        try File.write([9, 9], to: descriptor, at: 1, path: "a")
        #expect(try File.read(descriptor, from: 1, count: 2, path: "a") == [9, 9])
        #expect(try File.read(descriptor, from: 2, count: 100, path: "a") == [9, 4])
        #expect(try File.read(descriptor, from: 4, count: 1, path: "a") == [])
    }

    @Test("Only regular files are read as a whole, and nothing waits for a pipe")
    func irregular() {
        #expect(throws: FileError("read", folder.path, code: EISDIR)) { try File.read(folder.path) }
        #expect(mkfifo(folder["pipe"], 0o600) == 0)
        #expect(throws: FileError("read", folder["pipe"], code: EINVAL)) {
            try File.read(folder["pipe"])
        }
        #expect(throws: FileError("open", folder["none"], code: ENOENT)) {
            try File.read(folder["none"])
        }
        #expect(throws: FileError("write", "/dev/full", code: ENOSPC)) {
            try File.write([1], to: open("/dev/full", O_WRONLY | O_CLOEXEC), path: "/dev/full")
        }
    }
}
