// SPDX-License-Identifier: Apache-2.0
// What a topic name and a topic filter may look like, and shared subscription filters.

/// The most `/` a topic name or topic filter may hold.
package let topicSeparatorsMax = 200

/// The most bytes a topic name or topic filter may have [MQTT-4.7.3-3].
@usableFromInline
package let topicLengthMax = 65_535

/// Whether a topic name or topic filter of `count` bytes may grow by `growth` bytes: what is longer
/// has no place on the wire, nor in a stored message.
///
/// Asked wherever text is put before or behind a topic: mount points, share names, responses.
@inlinable
package func mayGrow(topicOf count: Int, by growth: Int) -> Bool {
    assert(count >= 0 && growth >= 0, "a topic has a length and does not shrink")
    return count <= topicLengthMax - growth
}

/// Whether bytes are a topic name: not empty, permitted UTF-8, no wildcard, at most 200 `/`.
///
/// [MQTT-3.3.2-2] [MQTT-4.7.0-1] [MQTT-4.7.3-1]
package func isValidTopicName(_ bytes: RawSpan) -> Bool {
    let count = bytes.byteCount
    guard count > 0, count <= topicLengthMax else { return false }
    return isTopicText(bytes, 0..<count)
}

/// Whether an array holds a topic name.
package func isValidTopicName(_ topic: [UInt8]) -> Bool { isValidTopicName(topic.rawBytes) }

/// Whether a range, which may be empty, could be a topic name: UTF-8, wildcards, separators.
func isTopicText(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
    var offset = range.lowerBound
    let end = range.upperBound
    let count = end &- offset
    // Up to 200 bytes cannot hold more than 200 separators, so only long topics count them.
    let isLong = count > topicSeparatorsMax
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
    guard separators <= topicSeparatorsMax else { return false }
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
    let count = range.upperBound &- range.lowerBound
    guard count > 0, count <= topicLengthMax, validateUTF8(bytes, range) else { return false }
    var separators = 0
    var previous: UInt8 = 0x2F
    for offset in range {
        let byte = UnsafeLoad.byte(bytes, at: offset)
        if byte == 0x2F {
            separators &+= 1
            if separators > topicSeparatorsMax { return false }
        } else if byte == 0x2B || byte == 0x23 {
            if previous != 0x2F { return false }
            if byte == 0x23 && offset &+ 1 < range.upperBound { return false }
        } else if previous == 0x2B {
            return false
        }
        previous = byte
    }
    return true
}

/// The two parts of a shared subscription's filter, `$share/<name>/<filter>` (5.0 section 4.8.2).
package struct SharedFilter: Sendable, Equatable {
    /// The share name, at offsets of the whole filter.
    package let shareName: Range<Int>
    /// The filter that is matched, at offsets of the whole filter.
    package let filter: Range<Int>

    /// What a filter is with regard to sharing.
    package enum Form: Sendable, Equatable {
        /// An ordinary filter.
        case ordinary
        /// A filter that begins with `$share/` but lacks a name or a filter, or has a wildcard in
        /// the name [MQTT-4.8.2-1] [MQTT-4.8.2-2].
        case invalid
        /// A shared subscription's filter.
        case shared(SharedFilter)
    }

    /// Takes a valid topic filter apart; the ranges count from the start of `bytes`.
    package static func parse(_ bytes: RawSpan, _ range: Range<Int>) -> Form {
        guard range.count >= 7, hasPrefix(bytes, range) else { return .ordinary }
        let nameStart = range.lowerBound &+ 7
        var offset = nameStart
        while offset < range.upperBound {
            let byte = UnsafeLoad.byte(bytes, at: offset)
            if byte == 0x2B || byte == 0x23 { return .invalid }
            if byte == 0x2F { break }
            offset &+= 1
        }
        guard offset > nameStart, offset &+ 1 < range.upperBound else { return .invalid }
        return .shared(
            SharedFilter(
                shareName: nameStart..<offset,
                filter: (offset &+ 1)..<range.upperBound
            )
        )
    }

    /// Takes a valid topic filter apart.
    package static func parse(_ filter: [UInt8]) -> Form {
        parse(filter.rawBytes, 0..<filter.count)
    }

    /// Whether a range of at least seven bytes begins with `$share/`.
    private static func hasPrefix(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
        let start = range.lowerBound
        return UnsafeLoad.fourBytes(bytes, at: start) == 0x2473_6861  // $sha
            && UnsafeLoad.twoBytes(bytes, at: start &+ 4) == 0x7265  // re
            && UnsafeLoad.byte(bytes, at: start &+ 6) == 0x2F
    }
}
