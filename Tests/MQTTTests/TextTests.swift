// SPDX-License-Identifier: Apache-2.0
// UTF-8, topic names, topic filters and shared subscription filters.

import MQTT
import Testing

/// The reference: the standard library's decoder and MQTT's list of refused code points.
private func isPermitted(_ bytes: [UInt8]) -> Bool {
    guard let text = String(validating: bytes, as: UTF8.self) else { return false }
    return text.unicodeScalars.allSatisfy { scalar in
        let value = scalar.value
        return value >= 0x20 && !(0x7F...0x9F).contains(value) && value & 0xFFFE != 0xFFFE
            && !(0xFDD0...0xFDEF).contains(value)
    }
}

@Suite("UTF-8")
struct UTF8ValidationTests {
    @Test(
        "[MQTT-1.5.4-1] [MQTT-1.5.4-2] Refused sequences",
        arguments: [
            "00", "01", "1f", "7f", "c2 80", "c2 9f", "c0 80", "c1 bf", "e0 80 80", "e0 9f bf",
            "ed a0 80", "ed bf bf", "ef b7 90", "ef b7 af", "ef bf be", "ef bf bf", "f0 80 80 80",
            "f0 8f bf bf", "f0 9f bf be", "f4 8f bf bf", "f4 90 80 80", "f5 80 80 80", "80", "bf",
            "c2", "e2 82", "f0 9f 98", "ff", "fe", "c2 41", "e2 41 80",
        ]
    )
    func refused(text: String) {
        // At every distance from the front, so that the fast path and its end are both met.
        for lead in 0..<20 {
            let padding = [UInt8](repeating: 0x61, count: lead)
            #expect(!isUTF8((padding + hex(text))))
            #expect(!isUTF8((padding + hex(text) + padding)))
        }
    }

    @Test(
        "Permitted sequences",
        arguments: [
            "", "20", "7e", "c2 a0", "df bf", "e0 a0 80", "ed 9f bf", "ee 80 80", "ef bb bf",
            "ef b7 8f", "ef b7 b0", "ef bf bd", "f0 90 80 80", "f0 aa 9b 94", "f4 8f bf bd",
        ]
    )
    func permitted(text: String) {
        for lead in 0..<20 {
            let padding = [UInt8](repeating: 0x61, count: lead)
            #expect(isUTF8((padding + hex(text) + padding)))
        }
    }

    @Test("Every code point and every pair of bytes is judged as the standard library judges it")
    func agreesWithStandardLibrary() {
        for value in 0...0x10_FFFF as ClosedRange<UInt32> {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let bytes = [UInt8](String(Character(scalar)).utf8)
            if isUTF8(bytes) != isPermitted(bytes) {
                Issue.record("U+\(String(value, radix: 16))")
            }
        }
        for first in 0...255 as ClosedRange<UInt8> {
            for second in 0...255 as ClosedRange<UInt8> {
                let bytes = [first, second]
                if isUTF8(bytes) != isPermitted(bytes) {
                    Issue.record("bytes \(bytes)")
                }
            }
        }
    }
}

@Suite("Exact texts")
struct ExactTextTests {
    @Test("Texts are the same when their bytes are, also as keys")
    func sameness() {
        let (one, two) = ("caf\u{E9}", "cafe\u{301}")
        #expect(one == two)
        #expect(ExactText(one) != ExactText(two))
        #expect(ExactText(one) == ExactText(String(decoding: Array(one.utf8), as: UTF8.self)))
        #expect(!one.hasSameBytes(as: two))
        var table = [ExactText(one): 1]
        table[ExactText(two)] = 2
        #expect(table[ExactText(one)] == 1 && table[ExactText(two)] == 2)
        // Short texts are stored in place, long ones are not: both feed the same bytes.
        for count in [0, 1, 15, 16, 65_535] {
            let text = String(repeating: "x", count: count)
            let part = String((text + "y").dropLast())
            #expect(ExactText(text).hashValue == ExactText(part).hashValue)
        }
    }
}

@Suite("Topics")
struct TopicSyntaxTests {
    @Test(
        "A topic may grow to 65,535 bytes",
        arguments: [
            (65_535, 0, true), (65_536, 0, false), (65_534, 1, true), (65_535, 1, false),
            (0, 65_535, true), (1, 65_535, false), (0, 65_536, false), (65_526, 9, true),
            (65_527, 9, false), (1, Int.max, false), (Int.max, 0, false),
        ]
    )
    func growth(count: Int, growth: Int, isAllowed: Bool) {
        #expect(mayGrow(topicOf: count, by: growth) == isAllowed)
    }

    @Test(
        "[MQTT-3.3.2-2] Topic names",
        arguments: [
            ("a", true), ("a/b", true), ("/", true), ("//", true), (" ", true), ("$SYS/x", true),
            ("größe/ü", true), ("", false), ("+", false), ("#", false), ("a/+/b", false),
            ("a/b#", false), ("abcdefgh+", false), ("abcdefghijklmnop#", false),
            ("+bcdefgh", false), ("é+", false), ("a\u{0}b", false), ("a\u{7F}", false),
        ]
    )
    func names(text: String, isValid: Bool) {
        #expect(isValidTopicName([UInt8](text.utf8)) == isValid)
    }

    @Test("A wildcard is found at every position of names of every length")
    func wildcardEverywhere() {
        for count in 1...40 {
            let plain = [UInt8](repeating: 0x61, count: count)
            #expect(isValidTopicName(plain))
            for position in 0..<count {
                for byte in [0x2B, 0x23, 0x00, 0x1F, 0x7F, 0x80] as [UInt8] {
                    var topic = plain
                    topic[position] = byte
                    #expect(!isValidTopicName(topic))
                }
            }
        }
    }

    @Test(
        "[MQTT-4.7.1-1] [MQTT-4.7.1-2] Topic filters",
        arguments: [
            ("a", true), ("#", true), ("+", true), ("+/+", true), ("/#", true), ("a/#", true),
            ("a/+/#", true), ("//", true), ("+/", true), ("/+", true), ("$SYS/#", true),
            ("", false), ("#/", false), ("a#", false), ("a/#/b", false), ("a+", false),
            ("+a", false), ("a/+b", false), ("++", false), ("##", false), ("+#", false),
            ("#+", false), ("a/\u{1}", false),
        ]
    )
    func filters(text: String, isValid: Bool) {
        #expect(isValidTopicFilter([UInt8](text.utf8)) == isValid)
    }

    @Test("200 separators are accepted, 201 are not", arguments: [199, 200, 201, 65_535])
    func separators(count: Int) {
        let slashes = [UInt8](repeating: 0x2F, count: count)
        #expect(isValidTopicName(slashes) == (count <= 200))
        #expect(isValidTopicFilter(slashes) == (count <= 200))
        let levels = [UInt8]("a".utf8) + slashes.flatMap { [$0, 0x61] }
        #expect(isValidTopicName(levels) == (count <= 200))
        #expect(isValidTopicFilter(levels) == (count <= 200))
    }

    @Test(
        "[MQTT-4.7.3-3] 65535 bytes are accepted, 65536 are not",
        arguments: [65_534, 65_535, 65_536]
    )
    func lengths(count: Int) {
        let topic = [UInt8](repeating: 0x61, count: count)
        #expect(isValidTopicName(topic) == (count <= 65_535))
        #expect(isValidTopicFilter(topic) == (count <= 65_535))
    }

    @Test(
        "[MQTT-4.8.2-1] [MQTT-4.8.2-2] Shared subscription filters",
        arguments: [
            ("$share/p/a/b", "p", "a/b"), ("$share/name/#", "name", "#"),
            ("$share/n//", "n", "/"), ("$share/share/#", "share", "#"),
        ]
    )
    func shared(text: String, name: String, filter: String) {
        let bytes = [UInt8](text.utf8)
        guard case .shared(let parts) = SharedFilter.parse(bytes) else {
            Issue.record("not shared")
            return
        }
        #expect(bytes[parts.shareName].elementsEqual(name.utf8))
        #expect(bytes[parts.filter].elementsEqual(filter.utf8))
    }

    @Test(
        "Incomplete shared subscription filters are invalid",
        arguments: ["$share/", "$share/p", "$share/p/", "$share//a", "$share/+/a", "$share/p+/a"]
    )
    func invalidShared(text: String) {
        #expect(SharedFilter.parse([UInt8](text.utf8)) == .invalid)
    }

    @Test(
        "Other filters are ordinary",
        arguments: ["$share", "$shared/a/b", "$SHARE/a/b", "a", "/$share/a/b", "$shar/"]
    )
    func ordinary(text: String) {
        #expect(SharedFilter.parse([UInt8](text.utf8)) == .ordinary)
    }
}
