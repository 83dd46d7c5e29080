// SPDX-License-Identifier: Apache-2.0
// Bytes as the tests write them: hexadecimal text in, hexadecimal text out.

/// A run of octets, as it goes over the wire.
package typealias Bytes = [UInt8]

/// Reads hexadecimal text; anything that is not a hexadecimal digit separates.
///
/// `hex("20 02 0000")` is `[0x20, 0x02, 0x00, 0x00]`. An odd number of digits is a mistake in the test.
package func hex(_ text: String) -> Bytes {
    let digits = text.utf8.compactMap { character -> UInt8? in
        switch character {
        case 0x30...0x39: character - 0x30
        case 0x41...0x46: character - 0x41 + 10
        case 0x61...0x66: character - 0x61 + 10
        default: nil
        }
    }
    precondition(digits.count.isMultiple(of: 2), "odd number of hexadecimal digits: \(text)")
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

/// Writes octets as two upper-case hexadecimal digits each, parted by blanks; long runs are cut.
package func hexText(_ bytes: some Collection<UInt8>, limit: Int = 200) -> String {
    let shown = bytes.prefix(limit).map { byte in
        let text = String(byte, radix: 16, uppercase: true)
        return byte < 16 ? "0" + text : text
    }
    let rest = bytes.count > limit ? " ... (\(bytes.count) bytes)" : ""
    return shown.joined(separator: " ") + rest
}

/// The octets of a text in UTF-8.
package func utf8(_ text: String) -> Bytes { Bytes(text.utf8) }

/// What a test found to be other than it should be, with the line of the test that looked.
package struct Mismatch: Error, CustomStringConvertible {
    /// What was found, and where.
    package let description: String

    /// Describes a mismatch seen at a line of a test.
    package init(_ text: String, file: StaticString = #fileID, line: UInt = #line) {
        description = "\(file):\(line): \(text)"
    }
}
