// SPDX-License-Identifier: Apache-2.0
// Password and access control files with each byte broken once, against readers that follow the format word by word.

import PasswordHash
import PluginSDK
import TestSupport
import Testing

@testable import ACLFile
@testable import PasswordFile

@Suite("Files with a broken byte")
struct BrokenFilesTests {
    /// What takes the place of a byte: its neighbour, and bytes that mean something.
    private static func replacements(of byte: UInt8) -> [UInt8] {
        Array(Set([byte ^ 1, byte ^ 0x20, 0, 10, 13, 32, 35, 36, 44, 47, 58, 61, 255])).filter {
            $0 != byte
        }
    }

    /// The files that differ from `text` in one byte, with the place of that.
    private static func broken(_ text: String) -> [(place: Int, content: [UInt8])] {
        let bytes = Array(text.utf8)
        return bytes.indices.flatMap { place in
            replacements(of: bytes[place]).map { value in
                var content = bytes
                content[place] = value
                return (place, content)
            }
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

    private static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
        Array(bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }

    /// The lines of a file, which a NUL byte ends; the last one may lack its end.
    private static func lines(_ content: [UInt8]) -> [[UInt8]] {
        content.prefix { $0 != 0 }.split(separator: 10, omittingEmptySubsequences: false).map(
            Array.init
        )
    }

    // MARK: Password file

    /// Users by the rows of docs/files.md; nil for a file that is refused.
    private static func users(_ content: [UInt8]) -> [[UInt8]: [UInt8]]? {
        var users: [[UInt8]: [UInt8]] = [:]
        for line in lines(content) where line.first != 35 && line.contains(58) {
            let fields = line.split(separator: 58).map { trimmed(Array($0)) }
            guard let name = fields.first, !name.isEmpty, fields.count > 1,
                PasswordHash(decoding: fields[1][...]) != nil, users[name] == nil
            else { return nil }
            users[name] = fields[1]
        }
        return users
    }

    @Test("A password file with a broken byte is refused, or has the users its lines say")
    func passwordFile() {
        let hashes = PasswordVectors.all
        let text =
            "bob:\(hashes[0])\n# a comment: here\n \teve : \(hashes[2]) :x\nlast:\(hashes[1])\n"
        for (place, content) in Self.broken(text) {
            let table = try? PasswordTable(parsing: content, path: "F")
            let expected = Self.users(content)
            #expect((table == nil) == (expected == nil), "place \(place): \(content[place])")
            guard let table, let expected else { continue }
            #expect(table.count == expected.count, "place \(place): \(content[place])")
            for (name, hash) in expected {
                #expect(table[name] == PasswordHash(decoding: hash[...]))
            }
        }
    }

    @Test("No hash with a broken byte lets the password in", arguments: [0, 1, 2])
    func hashes(number: Int) throws {
        let text = PasswordVectors.all[number]
        let good = try #require(PasswordHash(decoding: Array(text.utf8)[...]))
        #expect(good.verify(Array("secret".utf8)))
        for (place, content) in Self.broken(text) {
            guard let hash = PasswordHash(decoding: content[...]) else { continue }
            // The last digit in front of `=` has bits that stand for nothing.
            if content.dropFirst(place + 1).first == 61 { continue }
            #expect(
                hash == good || !hash.verify(Array("secret".utf8)),
                "place \(place): \(content[place])"
            )
        }
    }

    // MARK: Access control file

    /// Rules by the rows of docs/files.md; nil for a file that is refused.
    private static func rules(_ content: [UInt8]) -> [ACLRule]? {
        var rules: [ACLRule] = []
        var subject = ACLRule.Subject.anonymous
        for raw in lines(content) {
            let line = Array(raw.reversed().drop(while: isSpace).reversed())
            if line.first == 35 { continue }
            let text = line.drop { $0 == 32 }
            if text.isEmpty { continue }
            let word = Array(text.prefix { $0 != 32 })
            let rest = Array(text.dropFirst(word.count).drop { $0 == 32 })
            switch String(decoding: word, as: UTF8.self) {
            case "user":
                let name = trimmed(rest)
                if name.isEmpty { return nil }
                subject = .user(name)
            case "topic", "pattern":
                let isPattern = word == Array("pattern".utf8)
                guard let (rights, filter) = access(rest) else { return nil }
                guard isFilter(filter) else { return nil }
                rules.append(
                    ACLRule(
                        subject: isPattern ? .everyone : subject,
                        rights: rights,
                        filter: filter
                    )
                )
            default: return nil
            }
        }
        return rules
    }

    /// The access word, which may lack where the filter has no space, and the filter.
    private static func access(_ text: [UInt8]) -> (ACLRights, [UInt8])? {
        guard !text.isEmpty else { return nil }
        guard let end = text.firstIndex(of: 32) else { return (.readWrite, trimmed(text)) }
        let filter = trimmed(Array(text[end...]))
        switch String(decoding: text[..<end], as: UTF8.self) {
        case "read": return (.read, filter)
        case "write": return (.write, filter)
        case "readwrite": return (.readWrite, filter)
        case "deny": return (.deny, filter)
        default: return nil
        }
    }

    /// Wildcards stand where they may [MQTT-4.7.1-1] [MQTT-4.7.1-2].
    private static func isFilter(_ filter: [UInt8]) -> Bool {
        guard !filter.isEmpty, filter.count <= 65_535 else { return false }
        let levels = filter.split(separator: 47, omittingEmptySubsequences: false).map(Array.init)
        return levels.enumerated().allSatisfy { index, level in
            (!level.contains(35) || level == [35] && index == levels.count - 1)
                && (!level.contains(43) || level == [43])
        }
    }

    @Test("An ACL file with a broken byte is refused, or has the rules its lines say")
    func accessFile() {
        let text = """
            # comment
            topic free/+/x
            topic read a b
            user bob
            topic readwrite x/#
            topic write /w
            pattern deny c/%c/%u

            topic d
            """
        for (place, content) in Self.broken(text) {
            let parsed = try? ACLRules(parsing: content, path: "F")
            let expected = Self.rules(content)
            #expect(
                parsed?.rules == expected,
                "place \(place): \(content[place]) in \(String(decoding: content, as: UTF8.self))"
            )
        }
    }
}
