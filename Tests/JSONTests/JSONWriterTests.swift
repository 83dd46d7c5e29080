// SPDX-License-Identifier: Apache-2.0
// What is written is what cJSON prints.

import CcJSON
import JSON
import Testing

@Suite("Writing JSON")
struct JSONWriterTests {
    private func written(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter(formatted: false)
        body(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// Parses text and has cJSON print it.
    private func printed(_ text: String, formatted: Bool) throws -> String {
        let tree = try #require(cJSON_Parse(text))
        defer { cJSON_Delete(tree) }
        let line = try #require(formatted ? cJSON_Print(tree) : cJSON_PrintUnformatted(tree))
        defer { cJSON_free(line) }
        return String(cString: line)
    }

    @Test("Every character is escaped as cJSON does", arguments: 1...0x180)
    func escapes(code: Int) throws {
        let text = try String(#require(UnicodeScalar(code)))
        let item = try #require(cJSON_CreateString(text))
        defer { cJSON_Delete(item) }
        let line = try #require(cJSON_PrintUnformatted(item))
        defer { cJSON_free(line) }
        #expect(written { $0.string(text: text) } == String(cString: line))
        #expect(written { $0.string(bytes: Array(text.utf8)) } == String(cString: line))
    }

    @Test(
        "Numbers have the digits cJSON gives them",
        arguments: [
            0, -0.0, 1, -1, 0.5, 1.0 / 3, 2_147_483_647, 2_147_483_648, -2_147_483_648, 1e15, 1e21,
            1e-7, 123_456.789, .infinity, .nan,
        ]
    )
    func numbers(number: Double) throws {
        let item = try #require(cJSON_CreateNumber(number))
        defer { cJSON_Delete(item) }
        let line = try #require(cJSON_PrintUnformatted(item))
        defer { cJSON_free(line) }
        #expect(written { $0.number(number) } == String(cString: line))
    }

    @Test("Nested arrays and objects are laid out as cJSON does", arguments: [false, true])
    func layout(formatted: Bool) throws {
        var writer = JSONWriter(formatted: formatted)
        writer.beginObject()
        writer.key("a")
        writer.beginArray()
        for number in 1...2 {
            writer.beginObject()
            writer.key(text: "n")
            writer.integer(number)
            writer.key(bytes: Array("s".utf8))
            writer.string("x")
            writer.endObject()
        }
        writer.null()
        writer.raw(bytes: Array("[true]".utf8))
        writer.endArray()
        writer.key("e")
        writer.boolean(false)
        writer.endObject()
        let text = #"{"a":[{"n":1,"s":"x"},{"n":2,"s":"x"},null,[true]],"e":false}"#
        #expect(
            try String(decoding: writer.bytes, as: UTF8.self) == printed(text, formatted: formatted)
        )
    }
}
