// SPDX-License-Identifier: Apache-2.0
// Which files with secrets are opened, and what is said of those that others may read.

import Glibc
import SafeFiles
import Testing

@Suite("Files with secrets")
struct SensitiveFileTests {
    private let folder = TemporaryFolder()

    @Test("A link is not followed, and what is no regular file is refused without waiting")
    func refused() throws {
        try File.create(folder["a"], content: [1])
        #expect(symlink(folder["a"], folder["link"]) == 0)
        #expect(mkfifo(folder["pipe"], 0o600) == 0)
        #expect(throws: FileError("open", folder["link"], code: ELOOP)) {
            try SensitiveFile.read(folder["link"])
        }
        #expect(throws: FileError("open", folder["pipe"], code: 0)) {
            try SensitiveFile.read(folder["pipe"])
        }
        #expect(throws: FileError("open", folder["link"], code: ELOOP)) {
            try SensitiveFile.openForAppending(folder["link"])
        }
        #expect(FileError("open", "x", code: 0).description == "open x: Not a regular file")
    }

    @Test("A file that others may read is read, with a warning")
    func warnings() throws {
        try File.create(folder["a"], content: [1, 2])
        var lines: [String] = []
        #expect(try SensitiveFile.read(folder["a"]) { lines.append($0) } == [1, 2])
        #expect(lines.isEmpty)
        #expect(chmod(folder["a"], 0o604) == 0)
        #expect(try SensitiveFile.read(folder["a"]) { lines.append($0) } == [1, 2])
        #expect(lines.count == 2)
        #expect(lines.first?.hasPrefix("Warning: File \(folder["a"]) has world readable") == true)
    }

    @Test("A file for appending is made for its owner alone and keeps what it has")
    func appending() throws {
        for byte in UInt8(1)...2 {
            let descriptor = try SensitiveFile.openForAppending(folder["log"])
            defer { close(descriptor) }
            try File.write([byte], to: descriptor, path: "log")
        }
        #expect(try SensitiveFile.read(folder["log"]) == [1, 2])
        #expect(folder.mode(of: "log") == 0o600)
    }
}
