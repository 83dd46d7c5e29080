// SPDX-License-Identifier: Apache-2.0
// The text of an access control file: its rules, line by line.

import PluginSDK
import TopicRules

/// The rules of a file in file order, and what to warn about.
package struct ACLRules: Sendable, Equatable {
    package private(set) var rules: [ACLRule] = []
    package private(set) var warnings: [String] = []
    /// What explains denials.
    package private(set) var denials: ACLDenials

    /// Reads the file's text; the first bad line ends it.
    package init(parsing content: [UInt8], path: String) throws(ACLFileError) {
        denials = ACLDenials(path: path)
        var subject = ACLRule.Subject.anonymous
        for (index, line) in content.textLines.enumerated()
        where line.first != UInt8(ascii: "#") {
            defer { denials.note(rules, line: index + 1) }
            let place = "\"\(path)\": line \(index + 1)"
            let (keyword, rest) = Self.word(of: line.trimmingEnd)
            switch String(decoding: keyword, as: UTF8.self) {
            case "": continue
            case "topic": try add(rest, subject: subject, place: place)
            case "pattern": try add(rest, subject: .everyone, place: place)
            case "user":
                guard !rest.trimmed.isEmpty else {
                    throw ACLFileError(message: "Error: Missing username in acl_file \(place).")
                }
                subject = .user(Array(rest.trimmed))
            case let word:
                throw ACLFileError(
                    message: "Error: Invalid line in acl_file \(place): \(word)."
                        + " A line begins with user, topic or pattern."
                )
            }
        }
    }

    private mutating func add(
        _ rest: ArraySlice<UInt8>,
        subject: ACLRule.Subject,
        place: String
    ) throws(ACLFileError) {
        var (first, filter) = Self.word(of: rest)
        filter = filter.trimmed
        var rights = ACLRights.readWrite
        if filter.isEmpty {
            filter = first.trimmed
        } else {
            let word = String(decoding: first, as: UTF8.self)
            guard let found = ACLRights.words[word] else {
                throw ACLFileError(
                    message: "Error: Invalid topic access type \"\(word)\" in acl_file \(place)."
                        + " It is read, write, readwrite or deny."
                )
            }
            rights = found
        }
        guard !filter.isEmpty else {
            throw ACLFileError(message: "Error: Empty topic in acl_file \(place).")
        }
        let bytes = Array(filter)
        let text = String(decoding: bytes, as: UTF8.self)
        guard TopicRules.isFilter(bytes.span) else {
            throw ACLFileError(
                message: "Error: Invalid ACL topic \"\(text)\" in acl_file \(place)."
                    + " '#' ends a filter, and '+' or '#' fills a level."
            )
        }
        if subject == .everyone, !bytes.contains("%c"), !bytes.contains("%u") {
            warnings.append("Warning: ACL pattern '\(text)' does not contain '%c' or '%u'.")
        }
        rules.append(ACLRule(subject: subject, rights: rights, filter: bytes))
    }

    /// Splits off the first word; words are separated by spaces.
    private static func word(
        of line: ArraySlice<UInt8>
    ) -> (word: ArraySlice<UInt8>, rest: ArraySlice<UInt8>) {
        let start = line.drop { $0 == UInt8(ascii: " ") }
        let word = start.prefix { $0 != UInt8(ascii: " ") }
        return (word, start[word.endIndex...])
    }
}
