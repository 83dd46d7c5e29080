// SPDX-License-Identifier: Apache-2.0
// Programs as users write them print the same on our library as on the original, whosever headers they saw.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Programs of the client library", .serialized)
struct ProgramTests {
    init() { _ = Self.atEnd }
    private static let atEnd: Void = {
        _ = atexit {
            ClientLibrary.cleanUp()
            ProgramCertificates.cleanUp()
        }
    }()

    @Test("A program runs on our library", arguments: LibraryProgram.all)
    func ours(_ program: LibraryProgram) throws {
        try expectLines(of: program, headers: .ours, library: .ours)
    }

    @Test(
        "A program that was compiled and linked for 2.0 runs on our library",
        .enabled(if: ClientLibrary.hasOriginal),
        arguments: LibraryProgram.all.filter { !$0.needs21 }
    )
    func compiledForOriginal(_ program: LibraryProgram) throws {
        let folder = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = try program.build(headers: .original, library: .original, in: folder)
        let outcome = try program.run(path, on: .ours)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors == "", "what ld.so or the library has to say")
        let expected = try program.expected()
        #expect(outcome.output == expected)
    }

    @Test(
        "A program prints on the original what it is expected to print",
        .enabled(if: ClientLibrary.hasOriginal),
        arguments: LibraryProgram.all.filter { !$0.needs21 }
    )
    func original(_ program: LibraryProgram) throws {
        try expectLines(of: program, headers: .original, library: .original)
    }

    @Test("Every program has a row", arguments: [".c", ".cpp"])
    func complete(suffix: String) throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: LibraryProgram.folder)
        let rows = LibraryProgram.all.map(\.file).filter { $0.hasSuffix(suffix) }
        #expect(Set(files.filter { $0.hasSuffix(suffix) }) == Set(rows))
    }

    private func expectLines(
        of program: LibraryProgram,
        headers: LibraryProgram.Side,
        library: LibraryProgram.Side
    ) throws {
        let folder = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = try program.build(headers: headers, library: library, in: folder)
        let outcome = try program.run(path, on: library)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let expected = try program.expected()
        #expect(outcome.output == expected)
    }
}
