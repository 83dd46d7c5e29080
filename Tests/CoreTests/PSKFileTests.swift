// SPDX-License-Identifier: Apache-2.0
// The file of pre-shared keys with each byte broken once, against a reader that follows the format word by word.

import Net
import Testing

@testable import Core

struct PSKFileTests {
    private static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
        let isSpace = { (byte: UInt8) in byte == 32 || (9...13).contains(byte) }
        return Array(bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }

    /// Identities and keys by the rows of docs/tls.md, and what is remarked; nil for a file that is refused.
    private static func keys(_ content: [UInt8]) -> ([[UInt8]: [UInt8]], remarkCount: Int)? {
        var keys: [[UInt8]: [UInt8]] = [:]
        var remarkCount = 0
        for line in content.split(separator: 10) where line.first != 35 && line.contains(58) {
            let fields = line.split(separator: 58).map { trimmed(Array($0)) }
            guard let name = fields.first, !name.isEmpty, fields.count > 1, !fields[1].isEmpty,
                keys[name] == nil
            else {
                remarkCount += 1
                continue
            }
            let digits = String(decoding: fields[1], as: UTF8.self).lowercased()
            guard digits.utf8.allSatisfy({ 48...57 ~= $0 || 97...102 ~= $0 }) else { return nil }
            let even = digits.count % 2 == 0 ? digits : "0" + digits
            keys[name] = stride(from: 0, to: even.count, by: 2).map { index in
                let start = even.index(even.startIndex, offsetBy: index)
                return UInt8(even[start...].prefix(2), radix: 16) ?? 0
            }
        }
        return (keys, remarkCount)
    }

    @Test("A file with a broken byte is refused, or has the keys its lines say")
    func brokenBytes() {
        let text = Array("# a: b\njoe:00abcdef0124\nann : BEEF4\t\nbob:\nlast:77 :x\n\neve:1".utf8)
        for place in text.indices {
            for value in Set([text[place] ^ 1, text[place] ^ 0x20, 0, 9, 10, 13, 32, 35, 58, 255]) {
                var content = text
                content[place] = value
                var remarkCount = 0
                let file = try? PSKFile(parsing: content, path: "F") { _ in remarkCount += 1 }
                let expected = Self.keys(content)
                #expect((file == nil) == (expected == nil), "place \(place): \(value)")
                guard let file, let expected else { continue }
                #expect(remarkCount == expected.remarkCount, "place \(place): \(value)")
                for (name, key) in expected.0 {
                    guard let identity = String(validating: name, as: UTF8.self) else { continue }
                    #expect(file.key(of: identity) == .key(key), "place \(place): \(value)")
                }
            }
        }
    }
}
