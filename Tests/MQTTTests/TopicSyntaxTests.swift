// SPDX-License-Identifier: Apache-2.0
// Which topics and filters there may be.

import MQTT
import Testing

@Suite("Topics")
struct TopicSyntaxTests {
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
}
