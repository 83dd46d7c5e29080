// SPDX-License-Identifier: Apache-2.0
// Texts that are equal when their bytes are.

import MQTT
import Testing

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
