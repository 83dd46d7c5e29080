// SPDX-License-Identifier: Apache-2.0
// Topics as packets carry them: the rules of topic names and filters, and UTF-8 as MQTT wants it.

import TopicRules

/// Whether bytes are a topic name: not empty, permitted UTF-8, no wildcard, at most 200 `/`.
///
/// [MQTT-3.3.2-2] [MQTT-4.7.0-1] [MQTT-4.7.3-1]
package func isValidTopicName(_ bytes: RawSpan) -> Bool {
    let count = bytes.byteCount
    guard count > 0, count <= TopicRules.lengthMax else { return false }
    return isTopicText(bytes, 0..<count)
}

/// Whether an array holds a topic name.
package func isValidTopicName(_ topic: [UInt8]) -> Bool { isValidTopicName(topic.rawBytes) }

/// Whether a range, which may be empty, could be a topic name: UTF-8, wildcards, separators.
///
/// What `TopicRules.isName` and `validateUTF8` say of it, in one pass over eight bytes at a time: this
/// is asked of every PUBLISH.
func isTopicText(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
    var offset = range.lowerBound
    let end = range.upperBound
    let count = end &- offset
    // Up to 200 bytes cannot hold more than 200 separators, so only long topics count them.
    let isLong = count > TopicRules.separatorsMax
    var separators = 0
    var seen: UInt64 = 0
    while end &- offset >= 8 {
        let word = UnsafeLoad.word(bytes, at: offset)
        if isRefused(word) { return false }
        if isLong { separators &+= ASCIIWord.equal(word, 0x2F).nonzeroBitCount }
        seen |= word
        offset &+= 8
    }
    if offset < end && count >= 8 && !isLong {
        // The last eight bytes overlap those already seen; seeing them twice does no harm.
        let word = UnsafeLoad.word(bytes, at: end &- 8)
        if isRefused(word) { return false }
        seen |= word
        offset = end
    }
    while offset < end {
        let byte = UnsafeLoad.byte(bytes, at: offset)
        if byte < 0x20 || byte == 0x7F || byte == 0x2B || byte == 0x23 { return false }
        if byte == 0x2F { separators &+= 1 }
        seen |= UInt64(byte)
        offset &+= 1
    }
    guard separators <= TopicRules.separatorsMax else { return false }
    return ASCIIWord.isASCII(seen) || validateUTF8(bytes, range)
}

/// Whether eight bytes hold a control character or a wildcard.
@inline(__always)
private func isRefused(_ word: UInt64) -> Bool {
    ASCIIWord.control(word) | ASCIIWord.equal(word, 0x2B) | ASCIIWord.equal(word, 0x23) != 0
}

/// Whether bytes are a topic filter: not empty, permitted UTF-8, wildcards in place, at most 200 `/`.
///
/// `#` must be last and alone in its level [MQTT-4.7.1-1], `+` alone in its level [MQTT-4.7.1-2].
package func isValidTopicFilter(_ bytes: RawSpan) -> Bool {
    isValidTopicFilter(bytes, 0..<bytes.byteCount)
}

/// Whether an array holds a topic filter.
package func isValidTopicFilter(_ filter: [UInt8]) -> Bool {
    isValidTopicFilter(filter.rawBytes)
}

/// Whether a range holds a topic filter.
func isValidTopicFilter(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
    guard TopicRules.isFilter(Span(_bytes: bytes.extracting(range))) else { return false }
    return validateUTF8(bytes, range)
}
