// SPDX-License-Identifier: Apache-2.0
// Finding where the members of a large JSON object and the elements of a large array begin and end.

import JSON

/// Cuts JSON text at the commas of its outermost object or array.
///
/// Only brackets, strings and separators are looked at; whoever parses a piece finds out whether it
/// is JSON.
enum JSONOutline {
    /// A member of the outermost object.
    struct Member {
        /// Its name.
        let name: ByteString
        /// The text of its value.
        let value: Bytes

        /// The name for comparisons without regard to case.
        var lowercasedName: ByteString {
            ByteString(name.bytes.map { (65...90).contains($0) ? $0 | 0x20 : $0 })
        }
    }

    /// The members of an object; nil when the text is not an object or is cut off.
    static func members(of text: Bytes) -> [Member]? {
        var scanner = Scanner(text: text)
        scanner.skipByteOrderMark()
        guard scanner.take(UInt8(ascii: "{")) else { return nil }
        var members: [Member] = []
        if scanner.take(UInt8(ascii: "}")) { return members }
        repeat {
            guard let name = scanner.takeValue(), scanner.take(UInt8(ascii: ":")),
                let value = scanner.takeValue(),
                let key = JSONDocument(parsingExactly: name)?.withRoot({ $0.string })
            else { return nil }
            members.append(Member(name: key, value: value))
        } while scanner.take(UInt8(ascii: ","))
        return scanner.take(UInt8(ascii: "}")) ? members : nil
    }

    /// The texts of an array's elements; nil when the text is not an array or is cut off.
    static func elements(of text: Bytes) -> [Bytes]? {
        var scanner = Scanner(text: text)
        guard scanner.take(UInt8(ascii: "[")) else { return nil }
        var elements: [Bytes] = []
        if scanner.take(UInt8(ascii: "]")) { return elements }
        repeat {
            guard let value = scanner.takeValue() else { return nil }
            elements.append(value)
        } while scanner.take(UInt8(ascii: ","))
        return scanner.take(UInt8(ascii: "]")) ? elements : nil
    }

    private struct Scanner {
        let text: Bytes
        private var index = 0

        init(text: Bytes) {
            self.text = text
        }

        mutating func skipByteOrderMark() {
            if text.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
        }

        /// Steps over this byte and the blanks before it, if it comes next.
        mutating func take(_ byte: UInt8) -> Bool {
            skipBlanks()
            guard index < text.count, text[index] == byte else { return false }
            index += 1
            return true
        }

        /// Steps over a value; nil when the text ends inside of it or there is none.
        mutating func takeValue() -> Bytes? {
            skipBlanks()
            let start = index
            var depth = 0
            while index < text.count {
                switch text[index] {
                case UInt8(ascii: "\""):
                    guard skipString() else { return nil }
                    continue
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    if depth == 0 { return value(from: start) }
                    depth -= 1
                case UInt8(ascii: ","), UInt8(ascii: ":"):
                    if depth == 0 { return value(from: start) }
                default: break
                }
                index += 1
            }
            return depth == 0 ? value(from: start) : nil
        }

        private func value(from start: Int) -> Bytes? {
            start < index ? Bytes(rebasing: text[start..<index]) : nil
        }

        private mutating func skipString() -> Bool {
            index += 1
            while index < text.count {
                switch text[index] {
                case UInt8(ascii: "\\"): index += 1
                case UInt8(ascii: "\""):
                    index += 1
                    return true
                default: break
                }
                index += 1
            }
            return false
        }

        private mutating func skipBlanks() {
            while index < text.count, text[index] <= 0x20 { index += 1 }
        }
    }
}
