// SPDX-License-Identifier: Apache-2.0
// Base 64 of RFC 4648 section 4, strict.

/// Encodes and decodes base 64 with the standard alphabet.
package enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
    )

    private static let values: [UInt8?] = {
        var values = [UInt8?](repeating: nil, count: 256)
        for (value, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
        return values
    }()

    /// Encodes bytes, with `=` at the end unless told otherwise.
    package static func encode(_ bytes: [UInt8], isPadded: Bool = true) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let count = min(3, bytes.count - index)
            var group: UInt32 = 0
            for offset in 0..<3 {
                group = group << 8 | (offset < count ? UInt32(bytes[index + offset]) : 0)
            }
            for offset in 0...count {
                text.append(alphabet[Int(group >> UInt32(18 - 6 * offset) & 0x3F)])
            }
            if isPadded {
                text.append(contentsOf: repeatElement(UInt8(ascii: "="), count: 3 - count))
            }
            index += 3
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Decodes text; `nil` unless every character belongs there, the bits left over being zero.
    package static func decode(
        _ text: some Collection<UInt8>,
        isPadded: Bool = true
    ) -> [UInt8]? {
        var letters = Array(text)
        if isPadded {
            guard letters.count.isMultiple(of: 4) else { return nil }
            for _ in 0..<2 where letters.last == UInt8(ascii: "=") { letters.removeLast() }
        }
        guard letters.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(letters.count / 4 * 3 + 2)
        var bits: UInt32 = 0
        var bitCount = 0
        for letter in letters {
            guard let value = values[Int(letter)] else { return nil }
            bits = (bits << 6 | UInt32(value)) & 0xFFFF
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(bits >> UInt32(bitCount) & 0xFF))
            }
        }
        return bits & (1 << UInt32(bitCount) - 1) == 0 ? bytes : nil
    }
}
