// SPDX-License-Identifier: Apache-2.0
// How messages are printed.

import Foundation
import Testing

@testable import ClientTools

@Suite("Formats of mosquitto_sub")
struct FormatTests {
    private func format(_ format: String, _ sample: Sample = Sample()) throws -> String {
        try sample.printed(["-N", "-F", format]).0
    }

    private static let plain: [(String, String)] = [
        ("%t", "a/b"), ("%5t", "  a/b"), ("%-5t|", "a/b  |"), ("%.2t", "a/"), ("%5.2t", "   a/"),
        ("%-5.2t|", "a/   |"), ("%05t", "  a/b"), ("%p", "xyz"), ("%2p", "xy"), ("%5p", "  xyz"),
        ("%05p", "00xyz"), ("%-5p|", "xyz  |"), ("%-05p|", "xyz  |"), ("%x", "78797a"),
        ("%X", "78797A"), ("%.2:x", "78:79:7a"), ("%.1-x", "7-8-7-9-7-a"), ("%.4 x", "7879 7a"),
        ("%2x", "7879"), ("%8x", "  78797a"), ("%08x", "0078797a"), ("%-8x|", "78797a  |"),
        ("%l", "3"), ("%4l", "   3"), ("%04l", "0003"), ("%-4l|", "3   |"), ("%m", "0"),
        ("%3m", "  0"),
        ("%q%r", "00"), ("%%", "%"), ("%5%", "%"), ("@@", "@"), ("@N", "001234567"),
        ("%U", "1700000000.001234567"), ("@s", "1700000000"),
        ("\\\\\\a\\e\\n\\r\\t\\v\\0", "\\\u{7}\u{1B}\n\r\t\u{B}\0"),
        ("a %t b %p c", "a a/b b xyz c"), ("%A%C%D%E%F%P%R%S", ""),
        ("%3A|%3C|%3E|%3F|%3S", "   |   |   |   |   "),
        ("%R|%P|%D", "||"), ("", ""), ("no field", "no field"),
    ]

    @Test("a message without properties", arguments: plain)
    func plainField(_ text: String, _ expected: String) throws {
        #expect(try format(text) == expected)
    }

    private static let all = Sample(
        qos: 1,
        isRetained: true,
        packetIdentifier: 77,
        properties: [
            1, 1, 2, 0, 0, 1, 0, 3, 0, 2, 0x63, 0x74, 8, 0, 1, 0x72, 9, 0, 2, 0x64, 0x65, 0x0B, 5,
            0x23, 0, 9, 0x26, 0, 1, 0x6B, 0, 1, 0x76, 0x26, 0, 2, 0x6B, 0x32, 0, 1, 0x77,
        ]
    )

    private static let fields: [(String, String)] = [
        ("%A", "9"), ("%3A", "  9"), ("%03A", "009"), ("%C", "ct"), ("%4C", "  ct"), ("%D", "de"),
        ("%E", "256"), ("%F", "1"), ("%P", "k:v k2:w"), ("%R", "r"), ("%-3R|", "r  |"), ("%S", "5"),
        ("%m", "77"), ("%q", "1"), ("%r", "1"), ("%05m", "00077"),
    ]

    @Test("a message with properties", arguments: fields)
    func propertyField(_ text: String, _ expected: String) throws {
        #expect(try format(text, Self.all) == expected)
    }

    @Test("numbers in the payload")
    func numbers() throws {
        let double = Sample(payload: withUnsafeBytes(of: 2.5) { Array($0) })
        let float = Sample(payload: withUnsafeBytes(of: Float(-1.25)) { Array($0) })
        #expect(try format("%d", double) == "2.500000")
        #expect(try format("%8.2d", double) == "    2.50")
        #expect(try format("%08.2d", double) == "00002.50")
        #expect(try format("%-8.2d|", double) == "2.50    |")
        #expect(try format("%f", float) == "-1.250000")
        #expect(try format("%.1f", float) == "-1.2")
        let (text, problems) = try float.printed(["-F", "<%d>"])
        #expect(text == "<>\n")
        #expect(problems == [.notNumber(byteCount: 8)])
    }

    @Test("local time in the forms of strftime and ISO 8601")
    func time() throws {
        setenv("TZ", "UTC", 1)
        tzset()
        #expect(try format("@Y-@m-@dT@H:@M:@S") == "2023-11-14T22:13:20")
        #expect(try format("%I") == "2023-11-14T22:13:20+0000")
        #expect(try format("%26I") == "  2023-11-14T22:13:20+0000")
    }

    @Test("without a format")
    func defaults() throws {
        let empty = Sample(payload: [])
        #expect(try Sample().printed([]).0 == "xyz\n")
        #expect(try Sample().printed(["-N"]).0 == "xyz")
        #expect(try Sample().printed(["-v"]).0 == "a/b xyz\n")
        #expect(try Sample().printed(["-v", "-N"]).0 == "a/b xyz")
        #expect(try empty.printed([]).0 == "")
        #expect(try empty.printed(["-v"]).0 == "a/b (null)\n")
        #expect(try empty.printed(["-v", "-N"]).0 == "")
        #expect(try empty.printed(["-F", "%p|"]).0 == "|\n")
    }

    @Test("%j and %J")
    func json() throws {
        setenv("TZ", "UTC", 1)
        tzset()
        let start = #"{"tst":"2023-11-14T22:13:20.001234+0000","topic":"a/b","#
        #expect(
            try format("%j")
                == start + #""qos":0,"retain":false,"payloadlen":3,"payload":"xyz"}"#
        )
        #expect(
            try format("%j", Self.all)
                == start + #""qos":1,"retain":true,"payloadlen":3,"mid":77,"properties":"#
                + #"{"payload-format-indicator":1,"message-expiry-interval":256,"#
                + #""content-type":"ct","response-topic":"r","correlation-data":"de","#
                + #""subscription-identifier":5,"topic-alias":9,"#
                + #""user-properties":[{"k":"v"},{"k2":"w"}]},"payload":"xyz"}"#
        )
        let object = Sample(payload: Array(#"{"a": [1, 2.5, true, null, "x"] }"#.utf8))
        #expect(
            try format("%J", object)
                == start + #""qos":0,"retain":false,"payloadlen":33,"#
                + #""payload":{"a":[1,2.5,true,null,"x"]}}"#
        )
        let empty = Sample(payload: [])
        for text in ["%j", "%J"] {
            #expect(try format(text, empty).hasSuffix(#""payloadlen":0,"payload":null}"#))
        }
        #expect(try format("%j", Sample(payload: [0x61, 0, 0x62])).hasSuffix(#""payload":"a"}"#))
        for bad in ["xyz", "{} {}", "{\"a\":}"] {
            let (text, problems) = try Sample(payload: Array(bad.utf8)).printed(["-F", "<%J|%t>"])
            #expect(text == "<|a/b>\n")
            #expect(problems == [.notJSON])
        }
        let pretty = try object.printed(["--pretty", "-F", "%J"]).0
        #expect(pretty.hasPrefix("{\n\t\"tst\":\t\"2023"))
        #expect(
            pretty.contains("\t\"payload\":\t{\n\t\t\"a\":\t[1, 2.5, true, null, \"x\"]\n\t}\n}")
        )
    }

    @Test("latency, the watched screen")
    func others() {
        #expect(LatencyText.text(nanoseconds: 999) == "Latency: 999ns")
        #expect(LatencyText.text(nanoseconds: 1_050) == "Latency: 1.050000µs")
        #expect(LatencyText.text(nanoseconds: 2_000_007) == "Latency: 2.000007ms")
        #expect(LatencyText.text(nanoseconds: 3_000_000_009) == "Latency: 3.000000009")
        var screen = WatchScreen()
        let lines = ["a", "b", "a"].map { topic in
            Array(topic.utf8).withUnsafeBytes {
                String(decoding: screen.begin($0), as: UTF8.self)
            }
        }
        #expect(lines == ["\u{1B}[2;1H\u{1B}[K", "\u{1B}[3;1H\u{1B}[K", "\u{1B}[2;1H\u{1B}[K"])
        #expect(
            WatchScreen.head(host: "h") == Array("\u{1B}[2J\u{1B}[1;1HBroker: h\n".utf8)
        )
    }
}
