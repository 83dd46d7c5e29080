// SPDX-License-Identifier: Apache-2.0
// Names as they may be shown on a terminal: they are the words of strangers.

import JSON

/// Makes texts of others harmless for a terminal.
///
/// Control characters could do anything to a terminal, and those that turn the direction of writing
/// let one name look like another.
enum HarmlessText {
    /// The text with `\x1b` and the like instead of what a terminal would take for a command.
    static func visible(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isHarmful) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if isHarmful(scalar) {
                result += escape(scalar)
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A value with all its texts made harmless; names of members as they are: the broker's own.
    static func visible(_ value: JSONValue) -> JSONValue {
        switch value {
        case .string(let text): .string(visible(text))
        case .array(let elements): .array(elements.map(visible))
        case .object(let members):
            .object(members.map { JSONValue.Member($0.key, visible($0.value)) })
        default: value
        }
    }

    /// A value as JSON on one line that means the same and is harmless as well.
    static func json(_ value: JSONValue) -> String {
        let text = value.compactText
        guard text.unicodeScalars.contains(where: isHarmful) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if isHarmful(scalar) {
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        default:
            let digits = String(scalar.value, radix: 16)
            guard scalar.value > 0xFF else { return "\\x" + (digits.count < 2 ? "0" : "") + digits }
            return "\\u{\(digits)}"
        }
    }

    /// C0 and C1 with DEL, marks and overrides of the direction, separators of lines.
    private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069,
            0xFEFF:
            true
        default: false
        }
    }
}
