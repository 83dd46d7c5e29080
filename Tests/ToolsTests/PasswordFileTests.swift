// SPDX-License-Identifier: Apache-2.0
// Password files as mosquitto_passwd reads and writes them.

import TestSupport
import Testing
import ToolSupport

@testable import mosquitto_passwd

@Suite("mosquitto_passwd file lines")
struct PasswordFileTests {
    @Test(
        "lines that are no entries are reported with their number",
        arguments: [
            ("# comment\n", 1), ("a:b\n\n", 2), ("a:b\nc\n", 2), ("a:\n", 1), (":b\n", 1),
            ("a: \n", 1),
        ]
    )
    func corrupt(_ text: String, _ number: Int) {
        #expect(throws: CorruptLine(number: number)) { try PasswordFile(Array(text.utf8)) }
    }

    @Test("other lines keep every byte, and a last line without end gets one")
    func verbatim() throws {
        var file = try PasswordFile(Array(" a : x \nb:y:z\nc:w".utf8))
        let isKnown = file.set("d", encoded: "$7$")
        #expect(!isKnown)
        #expect(String(decoding: file.content, as: UTF8.self) == " a : x \nb:y:z\nc:w\nd:$7$\n")
    }

    @Test("a known user's line is replaced at its place")
    func replace() throws {
        var file = try PasswordFile(Array("a:1\nb:2\nc:3\n".utf8))
        let isKnown = file.set("b", encoded: "new")
        #expect(isKnown)
        #expect(String(decoding: file.content, as: UTF8.self) == "a:1\nb:new\nc:3\n")
        let deletions = [file.delete("a"), file.delete("a")]
        #expect(deletions == [true, false])
        #expect(String(decoding: file.content, as: UTF8.self) == "b:new\nc:3\n")
    }
}
