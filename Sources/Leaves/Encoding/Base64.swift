// SPDX-License-Identifier: Apache-2.0
// Base64 with the standard alphabet, on one line (RFC 4648 section 4).

/// Encodes and decodes Base64.
package enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
    )
    private static let padding = UInt8(ascii: "=")

    /// Encodes bytes, with `=` up to a whole group of four unless told otherwise.
    package static func encode(_ bytes: some Collection<UInt8>, isPadded: Bool = true) -> String {
        String(decoding: encodedBytes(Array(bytes), isPadded: isPadded), as: UTF8.self)
    }

    /// Decodes text; nil when it is malformed.
    ///
    /// - Parameters:
    ///   - text: characters of the alphabet and nothing else
    ///   - isPadded: whether the text is whole groups of four, with one or two `=` only at its end;
    ///     otherwise it has no `=` at all
    ///   - isCanonical: whether the bits that the last character has too many must be zero, so that
    ///     no two texts mean the same bytes
    package static func decode(
        _ text: some Collection<UInt8>,
        isPadded: Bool = true,
        isCanonical: Bool = true
    ) -> [UInt8]? {
        var characters = Array(text)
        if isPadded {
            guard characters.count.isMultiple(of: 4) else { return nil }
            for _ in 0..<2 where characters.last == padding { characters.removeLast() }
        }
        return decodedBytes(characters, isCanonical: isCanonical)
    }

    private static func encodedBytes(_ bytes: [UInt8], isPadded: Bool) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let count = min(3, bytes.count - start)
            var group: UInt32 = 0
            for offset in 0..<3 {
                group = group << 8 | (offset < count ? UInt32(bytes[start + offset]) : 0)
            }
            for offset in 0...count {
                text.append(alphabet[Int(group >> UInt32(18 - 6 * offset) & 0x3F)])
            }
            if isPadded { text.append(contentsOf: repeatElement(padding, count: 3 - count)) }
        }
        return text
    }

    private static func decodedBytes(_ characters: [UInt8], isCanonical: Bool) -> [UInt8]? {
        guard characters.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(characters.count / 4 * 3 + 2)
        var bits: UInt32 = 0
        var bitCount: UInt32 = 0
        for character in characters {
            guard let value = value(of: character) else { return nil }
            // No more than six bits wait at any time, twelve are in use.
            bits = (bits << 6 | UInt32(value)) & 0xFFF
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> bitCount))
            }
        }
        let unusedBits = bits & (1 << bitCount - 1)
        return unusedBits == 0 || !isCanonical ? bytes : nil
    }

    /// The six bits a character of the alphabet stands for.
    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character + 4
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
