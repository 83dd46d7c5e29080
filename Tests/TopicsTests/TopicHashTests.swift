// SPDX-License-Identifier: Apache-2.0
// The topic hash, and the reference the tests of this module compare with.

import Testing
import TopicRules
import Topics

@Suite struct TopicHashTests {
    @Test("The topic hash sees every byte and the length", arguments: 0...70)
    func hash(count: Int) {
        let bytes = [UInt8](repeating: 0x61, count: count)
        let same = Array(bytes)
        #expect(TopicHash.hash(bytes.span.bytes) == TopicHash.hash(same.span.bytes))
        var seen: Set<UInt64> = [TopicHash.hash(bytes.span.bytes)]
        for index in 0..<count {
            var other = bytes
            other[index] = 0x62
            seen.insert(TopicHash.hash(other.span.bytes))
        }
        let longer = bytes + [0x61]
        seen.insert(TopicHash.hash(longer.span.bytes))
        #expect(seen.count == count + 2)
    }

    @Test("Random filters match random topics as the reference says", arguments: 1...4)
    func random(seed: UInt64) {
        var random = RepeatableRandom(seed: seed &* 0xABCD_EF01)
        var hits = 0
        for _ in 0..<4000 {
            let filter = Array(random.filter().utf8)
            let topic = Array(random.topic().utf8)
            let texts = (
                String(decoding: filter, as: UTF8.self), String(decoding: topic, as: UTF8.self)
            )
            let expected = referenceMatches(texts.0, texts.1)
            hits += expected ? 1 : 0
            let outcome = TopicRules.compare(filter.span, with: topic.span)
            #expect(outcome == (expected ? .match : .noMatch), "\(texts)")
        }
        #expect(hits > 100)
    }
}
