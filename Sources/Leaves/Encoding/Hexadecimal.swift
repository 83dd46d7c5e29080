// SPDX-License-Identifier: Apache-2.0
// Bytes as hexadecimal digits (RFC 4648 section 8, in either case).

/// Encodes and decodes hexadecimal digits, the high half of a byte first.
package enum Hexadecimal {
    /// Which letters stand for ten to fifteen.
    package enum Letters: Sendable {
        case lowercase
        case uppercase
    }

    /// Encodes bytes as two digits each.
    package static func encode(
        _ bytes: some Collection<UInt8>,
        letters: Letters = .lowercase
    ) -> [UInt8] {
        var digits: [UInt8] = []
        digits.reserveCapacity(2 * bytes.count)
        for byte in bytes {
            digits.append(digit(byte >> 4, letters))
            digits.append(digit(byte & 0xF, letters))
        }
        return digits
    }

    /// Decodes digits in either case; nil when anything else is among them, or one of a pair is
    /// missing.
    ///
    /// With `allowsOddCount` a first digit on its own is a byte.
    package static func decode(
        _ digits: some Collection<UInt8>,
        allowsOddCount: Bool = false
    ) -> [UInt8]? {
        let isOdd = !digits.count.isMultiple(of: 2)
        guard allowsOddCount || !isOdd else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity((digits.count + 1) / 2)
        var high: UInt8? = isOdd ? 0 : nil
        for digit in digits {
            guard let value = value(of: digit) else { return nil }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return bytes
    }

    private static func digit(_ value: UInt8, _ letters: Letters) -> UInt8 {
        guard value > 9 else { return UInt8(ascii: "0") + value }
        let ten = letters == .lowercase ? UInt8(ascii: "a") : UInt8(ascii: "A")
        return ten + (value - 10)
    }

    /// The value of a digit; nil when it is none.
    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - 48
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - 87
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - 55
        default: nil
        }
    }
}
