// SPDX-License-Identifier: Apache-2.0
// mosquitto/libcommon_file.h: opening, reading lines and replacing files.

import CMosquitto
import CommonLibrary
import Foundation
import Testing

@Suite final class FileFunctionTests {
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "/abi-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        unlink(folder + "/file")
        unlink(folder + "/file.new")
        unlink(folder + "/link")
        rmdir(folder)
    }

    private func path(_ contents: String? = nil) throws -> String {
        let path = folder + "/file"
        if let contents { try contents.write(toFile: path, atomically: false, encoding: .utf8) }
        return path
    }

    @Test("A file is read whole, an empty one as NULL")
    func readsFile() throws {
        var text: UnsafeMutablePointer<CChar>?
        var length = 99
        #expect(mosquitto_read_file(try path("a\nb"), false, &text, &length) == 0)
        #expect(text.map { String(cString: $0) } == "a\nb")
        #expect(length == 3)
        mosquitto_free(text)
        #expect(mosquitto_read_file(try path(""), false, &text, &length) == 0)
        #expect(text == nil)
        #expect(length == 0)
        let missing = folder + "/none"
        #expect(mosquitto_read_file(missing, true, &text, &length) == MOSQ_ERR_ERRNO.rawValue)
    }

    @Test("A link is followed only when reading is not restricted; a directory is no file")
    func refusesLink() throws {
        let link = folder + "/link"
        #expect(symlink(try path("x"), link) == 0)
        let followed = mosquitto_fopen(link, "r", false)
        #expect(followed != nil)
        if let followed { fclose(followed) }
        #expect(mosquitto_fopen(link, "r", true) == nil)
        #expect(errno == ELOOP)
        #expect(mosquitto_fopen(folder, "r", true) == nil)
        #expect(mosquitto_fopen(folder, "r", false) == nil)
    }

    @Test("A restricted new file is its owner's alone, and an existing one is not overwritten")
    func createsFile() throws {
        let new = try path()
        let stream = try #require(mosquitto_fopen(new, "w", true) as UnsafeMutablePointer<FILE>?)
        fclose(stream)
        var status = stat()
        #expect(stat(new, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(mosquitto_fopen(new, "w", true) == nil)
        #expect(errno == EEXIST)
        let appending = mosquitto_fopen(new, "a", true)
        #expect(appending != nil)
        if let appending { fclose(appending) }
    }

    @Test("Lines are read whole, however long; one with a NUL byte ends the reading")
    func readsLines() throws {
        let long = String(repeating: "x", count: 5000)
        let stream = try #require(
            mosquitto_fopen(try path("one\n\(long)\nlast"), "r", false)
                as UnsafeMutablePointer<FILE>?
        )
        defer { fclose(stream) }
        var size: CInt = 10
        var buffer: UnsafeMutablePointer<CChar>? = mosquitto_malloc(10)?.assumingMemoryBound(
            to: CChar.self
        )
        var lines: [String] = []
        while let line = mosquitto_fgets(&buffer, &size, stream) {
            lines.append(String(cString: line))
        }
        #expect(lines == ["one\n", long + "\n", "last"])
        #expect(size > 5000)
        let nul = try #require(
            mosquitto_fopen(try path("a\0b\nc\n"), "r", false) as UnsafeMutablePointer<FILE>?
        )
        #expect(mosquitto_fgets(&buffer, &size, nul) == nil)
        fclose(nul)
        mosquitto_free(buffer)
    }

    @Test("A file is replaced in one step, and kept when writing fails")
    func writesFile() throws {
        let target = try path("old")
        let write: @convention(c) (UnsafeMutablePointer<FILE>?, UnsafeMutableRawPointer?) -> CInt =
            {
                stream,
                result in
                fputs("new", stream)
                return result?.load(as: CInt.self) ?? 0
            }
        var failure: CInt = 1
        #expect(mosquitto_write_file(target, true, write, &failure, nil) == MOSQ_ERR_INVAL.rawValue)
        #expect(try String(contentsOfFile: target, encoding: .utf8) == "old")
        #expect(access(target + ".new", F_OK) != 0)
        #expect(mosquitto_write_file(target, true, write, nil, nil) == 0)
        #expect(try String(contentsOfFile: target, encoding: .utf8) == "new")
        #expect(access(target + ".new", F_OK) != 0)
        let nowhere = folder + "/none/file"
        #expect(mosquitto_write_file(nowhere, true, write, nil, nil) == MOSQ_ERR_ERRNO.rawValue)
        #expect(mosquitto_write_file(nil, true, write, nil, nil) == MOSQ_ERR_INVAL.rawValue)
    }
}
