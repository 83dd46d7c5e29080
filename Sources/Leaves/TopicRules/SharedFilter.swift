// SPDX-License-Identifier: Apache-2.0
// The filter of a shared subscription, taken apart and put together.

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
    package static func parse(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Form {
        guard hasPrefix(bytes, range) else { return .ordinary }
        let nameStart = range.lowerBound &+ prefix.count
        var offset = nameStart
        while offset < range.upperBound {
            let byte = bytes[offset]
            if byte == .plus || byte == .hash { return .invalid }
            if byte == .slash { break }
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
        parse(filter.span, 0..<filter.count)
    }

    /// The filter of a shared subscription, from its two parts.
    package static func text(
        shareName: some Sequence<UInt8>,
        filter: some Sequence<UInt8>
    ) -> [UInt8] {
        var text: [UInt8] = []
        for index in prefix.indices { text.append(prefix[index]) }
        text.append(contentsOf: shareName)
        text.append(.slash)
        text.append(contentsOf: filter)
        return text
    }

    /// Where the share name stands in the filter of a shared subscription, by its length.
    package static func shareNameRange(count: Int) -> Range<Int> {
        prefix.count..<(prefix.count &+ count)
    }

    /// `$share/`.
    private static var prefix: InlineArray<7, UInt8> { [0x24, 0x73, 0x68, 0x61, 0x72, 0x65, 0x2F] }

    /// Whether a range begins with `$share/`.
    private static func hasPrefix(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard range.count >= prefix.count else { return false }
        for offset in prefix.indices where bytes[range.lowerBound &+ offset] != prefix[offset] {
            return false
        }
        return true
    }
}
