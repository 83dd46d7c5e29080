// SPDX-License-Identifier: Apache-2.0
// The head of an HTTP/1.x request.

/// The request line and the header fields.
package struct HTTPHead: Sendable {
    /// The method as sent.
    package let method: String
    /// What is asked for, as sent.
    package let target: String
    /// The header fields.
    package let fields: HeaderFields

    /// Reads a head that ends with an empty line; nil when it is not one of HTTP/1.x.
    package init?(_ head: [UInt8], headerCountMax: Int) {
        var lines = head.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
        guard let first = lines.popFirst() else { return nil }
        let words = first.trimmingLineEnd.split(separator: UInt8(ascii: " "))
            .map { String(decoding: $0, as: UTF8.self) }
        guard words.count == 3, ["HTTP/1.0", "HTTP/1.1"].contains(words[2]) else { return nil }
        var fields = HeaderFields()
        while let line = lines.popFirst()?.trimmingLineEnd, !line.isEmpty {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
                line[..<colon].allSatisfy(\.isTokenByte), fields.count < headerCountMax
            else { return nil }
            fields.append(line[..<colon], line[(colon + 1)...])
        }
        method = words[0]
        target = words[1]
        self.fields = fields
    }

    /// The index after the empty line that ends a head; nil when there is none from `start` on.
    package static func end(in bytes: [UInt8], from start: Int) -> Int? {
        var index = start
        while index + 3 < bytes.count {
            if bytes[index] == 13, bytes[index + 1] == 10, bytes[index + 2] == 13,
                bytes[index + 3] == 10
            {
                return index + 4
            }
            index += 1
        }
        return nil
    }
}

extension ArraySlice<UInt8> {
    /// The line without its carriage return.
    fileprivate var trimmingLineEnd: ArraySlice<UInt8> {
        last == UInt8(ascii: "\r") ? dropLast() : self
    }
}

extension String {
    /// The text without white space around it.
    var trimmed: String {
        let isSpace = { (character: Character) in character == " " || character == "\t" }
        guard let start = firstIndex(where: { !isSpace($0) }),
            let end = lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(self[start...end])
    }
}

extension UInt8 {
    /// Whether a field name may contain the byte (RFC 9110 section 5.6.2).
    fileprivate var isTokenByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(self)
        }
    }
}
