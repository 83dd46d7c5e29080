// SPDX-License-Identifier: Apache-2.0
// Parsed JSON and what it is looked into for.

import JSON
import Testing

@Suite("Reading JSON")
struct JSONDocumentTests {
    private func document(_ text: String, exactly: Bool = false) -> JSONDocument? {
        Array(text.utf8).withUnsafeBufferPointer {
            exactly ? JSONDocument(parsingExactly: $0) : JSONDocument(parsing: $0)
        }
    }

    @Test("Bytes behind the value count only when it is to be alone")
    func trailing() {
        #expect(document("{} x") != nil)
        #expect(document("{} x", exactly: true) == nil)
        #expect(document("{} \n", exactly: true) != nil)
        for text in ["", "{", "nul", "[1,]"] { #expect(document(text) == nil, "\(text)") }
    }

    @Test("Members are found by name without regard to case, the first one if repeated")
    func members() throws {
        let parsed = try #require(document(#"{"A":1.9,"a":2,"s":"\u00e9","t":true,"l":[1,2]}"#))
        parsed.withRoot { root in
            #expect(root.isObject && !root.isArray)
            #expect(root["a"]?.integer == 1)
            #expect(root["a"]?.number == 1.9)
            #expect(root["S"]?.stringBytes == Array("é".utf8))
            #expect(root["t"]?.boolean == true && root["t"]?.number == nil)
            #expect(root["l"]?.children.map(\.integer) == [1, 2])
            #expect(root["l"]?.compactBytes == Array("[1,2]".utf8))
            #expect(root.children.compactMap(\.nameBytes?.count) == [1, 1, 1, 1, 1])
            #expect(root["x"] == nil)
        }
    }

    @Test(
        "Numbers are cut to whole ones within their bounds",
        arguments: [
            ("1e10", 2_147_483_647, 10_000_000_000), ("-1e10", -2_147_483_648, -10_000_000_000),
            ("2.9", 2, 2),
        ]
    )
    func bounds(text: String, integer: Int, wide: Int) throws {
        let parsed = try #require(document(text))
        parsed.withRoot { root in
            #expect(root.integer == integer)
            #expect(root.wideInteger == wide)
        }
        let large = try #require(document("1e300"))
        #expect(large.withRoot { $0.wideInteger } == nil)
    }

    @Test("A value keeps the order of its members and comes out as it went in")
    func value() throws {
        let text = #"{"z":[1,2.5,"a\"b"],"a":{"n":null,"t":true}}"#
        var value = try #require(JSONValue(parsing: Array(text.utf8)))
        #expect(value.compactText == text)
        #expect(value["A"]?["T"]?.flag == true)
        #expect(value["z"]?.elements?.last?.text == "a\"b")
        value["Z"] = "new"
        value["a"] = nil
        value["b"] = .number(3)
        #expect(value.compactText == #"{"Z":"new","b":3}"#)
        #expect(value["b"]?.integer == 3)
    }
}
