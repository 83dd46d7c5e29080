// SPDX-License-Identifier: Apache-2.0
// What a topic name and a topic filter may look like: wildcards, length, depth.

/// The rules of topic names and topic filters (5.0 section 4.7), on bytes somebody else owns.
///
/// Encoding is not looked at: whoever takes text from a peer checks that it is UTF-8 as MQTT wants it.
package enum TopicRules {
    /// The most bytes a topic name or topic filter may have [MQTT-4.7.3-3].
    /// [MQTT311-4.7.3-3]
    @inlinable
    package static var lengthMax: Int { 65_535 }

    /// The most `/` a topic name or topic filter may hold.
    @inlinable
    package static var separatorsMax: Int { 200 }

    /// Whether a topic name or topic filter of `count` bytes may grow by `growth` bytes: what is longer
    /// has no place on the wire, nor in a stored message.
    ///
    /// Asked wherever text is put before or behind a topic: mount points, share names, responses.
    @inlinable
    package static func mayGrow(topicOf count: Int, by growth: Int) -> Bool {
        assert(count >= 0 && growth >= 0, "a topic has a length and does not shrink")
        return count <= lengthMax - growth
    }

    /// Whether bytes make a topic name: 1 to 65,535 of them, no wildcard, at most 200 `/`.
    ///
    /// [MQTT-4.7.0-1] [MQTT-4.7.3-1] [MQTT-4.7.3-3]
    /// [MQTT311-4.7.1-1] [MQTT311-4.7.3-1]
    package static func isName(_ name: Span<UInt8>) -> Bool {
        guard !name.isEmpty, name.count <= lengthMax else { return false }
        var separators = 0
        for index in name.indices {
            switch name[index] {
            case .plus, .hash: return false
            case .slash: separators &+= 1
            default: break
            }
        }
        return separators <= separatorsMax
    }

    /// Whether bytes make a topic filter: 1 to 65,535 of them, wildcards in place, at most 200 `/`.
    package static func isFilter(_ filter: Span<UInt8>) -> Bool {
        guard !filter.isEmpty, filter.count <= lengthMax else { return false }
        return hasWildcardsInPlace(filter, separatorsMax: separatorsMax)
    }

    /// Whether `#` is last and alone in its level [MQTT-4.7.1-1], each `+` alone in its level
    /// [MQTT-4.7.1-2], and there are no more than `separatorsMax` `/`.
    /// [MQTT311-4.7.1-2] [MQTT311-4.7.1-3]
    package static func hasWildcardsInPlace(
        _ filter: Span<UInt8>,
        separatorsMax: Int = .max
    ) -> Bool {
        var separators = 0
        var previous = UInt8.slash
        for index in filter.indices {
            let byte = filter[index]
            if byte == .slash {
                separators &+= 1
                if separators > separatorsMax { return false }
            } else if byte == .plus || byte == .hash {
                if previous != .slash { return false }
                if byte == .hash && index &+ 1 < filter.count { return false }
            } else if previous == .plus {
                return false
            }
            previous = byte
        }
        return true
    }

    /// Whether there is a `+` or `#` anywhere.
    package static func hasWildcard(_ text: Span<UInt8>) -> Bool {
        for index in text.indices where text[index] == .plus || text[index] == .hash { return true }
        return false
    }
}

/// The characters with a meaning in topic names, topic filters and patterns.
extension UInt8 {
    /// The single-level wildcard.
    @inlinable
    package static var plus: UInt8 { UInt8(ascii: "+") }
    /// The multi-level wildcard.
    @inlinable
    package static var hash: UInt8 { UInt8(ascii: "#") }
    /// The topic level separator.
    @inlinable
    package static var slash: UInt8 { UInt8(ascii: "/") }
    /// What topics that wildcards at the beginning do not match begin with [MQTT-4.7.2-1].
    @inlinable
    package static var dollar: UInt8 { UInt8(ascii: "$") }
}
