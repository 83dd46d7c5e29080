// SPDX-License-Identifier: Apache-2.0
// Log lines for programs: JSON and logfmt.

import Foundation
import Log
import Testing

/// All fields there are, each with a value of its own.
private func allFields() -> LogFields {
    var fields = LogFields(.accessDenied, reason: "no rule")
    fields.clientIdentifier = "c"
    fields.userName = "u"
    fields.address = "::1"
    fields.port = 1234
    fields.listener = "1883"
    fields.plugin = "acl-file"
    fields.topic = "a/b"
    return fields
}

/// Reads a line back with another parser than ours.
private func object(_ line: String) throws -> [String: String] {
    try #require(
        JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String],
        "no JSON: \(line)"
    )
}

@Suite("Log lines for programs")
struct LogFormatTests {
    @Test("JSON has level, text and the fields the line has")
    func json() throws {
        let published = PublishedLines()
        let log = published.log(format: .json)
        log.notice("Denied.", allFields())
        log.error("Plain.")
        #expect(
            published.lines[0] == """
                {"level":"notice","msg":"Denied.","event":"access_denied","client_id":"c",\
                "username":"u","address":"::1","port":"1234","listener":"1883","reason":"no rule",\
                "plugin":"acl-file","topic":"a/b"}
                """
        )
        #expect(published.lines[1] == #"{"level":"error","msg":"Plain."}"#)
    }

    @Test("JSON is valid for every character a client can send")
    func everyCharacter() throws {
        let published = PublishedLines()
        let log = published.log(format: .json)
        let scalars = (0...0x17F).compactMap { Unicode.Scalar($0) } + ["\u{2028}", "\u{1F600}"]
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars)
        var fields = LogFields()
        fields.topic = text
        log.notice("x\(text)", fields)
        let line = try #require(published.lines.first)
        #expect(try object(line)["topic"] == text)
        // What could drive a terminal is not in the line as it is.
        #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F ~= $0.value) })
        let broken = String(decoding: [0x61, 0xFF, 0xC2, 0x22, 0x00] as [UInt8], as: UTF8.self)
        fields.topic = broken
        log.notice(broken, fields)
        #expect(try object(published.lines[1])["topic"] == broken)
    }

    @Test("A time is RFC 3339 in UTC, or what log_timestamp_format says")
    func time() throws {
        let published = PublishedLines()
        let log = published.log(format: .json, hasTimestamp: true)
        log.notice("x")
        let stamp = try #require(object(published.lines[0])["time"])
        #expect(stamp.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil, "\(stamp)")
        var configuration = LogConfiguration()
        configuration.destinations = .topic
        configuration.format = .logfmt
        configuration.timestampFormat = "year %Y"
        log.configure(configuration)
        log.notice("x")
        #expect(published.lines[1].wholeMatch(of: /time="year \d{4}" level=notice msg=x/) != nil)
    }

    @Test("logfmt puts values in quotation marks where they need them")
    func logfmt() {
        let published = PublishedLines()
        let log = published.log(format: .logfmt)
        var fields = allFields()
        fields.topic = "a\n\"b\"\\ =\u{1B}\u{85}é"
        fields.userName = ""
        log.warning("One two.", fields)
        #expect(
            published.lines == [
                #"level=warning msg="One two." event=access_denied client_id=c username="" "#
                    + #"address=::1 port=1234 listener=1883 reason="no rule" plugin=acl-file "#
                    + #"topic="a\n\"b\"\\ =\u001b\u0085é""#
            ]
        )
    }

    @Test("Text and every value are cut to 999 bytes, never inside a character", arguments: [0, 1])
    func long(offset: Int) throws {
        let published = PublishedLines()
        let log = published.log(format: .json)
        var fields = LogFields()
        let text = String(repeating: "x", count: offset) + String(repeating: "€", count: 400)
        fields.topic = text
        fields.clientIdentifier = String(repeating: "y", count: 999)
        log.notice(text, fields)
        let found = try object(published.lines[0])
        let expected = offset == 0 ? 999 : 997
        #expect(found["msg"]?.utf8.count == expected)
        #expect(found["topic"]?.utf8.count == expected)
        #expect(found["client_id"]?.utf8.count == 999)
        #expect(text.hasPrefix(found["topic"] ?? "-"))
    }

    @Test("Fields are not even made for lines of text")
    func lazyFields() {
        let published = PublishedLines()
        var madeCount = 0
        func fields() -> LogFields {
            madeCount += 1
            return LogFields()
        }
        published.log(format: .text).notice("x", fields())
        #expect(madeCount == 0)
        published.log(format: .json).notice("x", fields())
        published.log(format: .json).debug("x", fields())
        #expect(madeCount == 1)
    }
}
