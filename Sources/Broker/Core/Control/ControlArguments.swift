// SPDX-License-Identifier: Apache-2.0
// What a command says beside its name.

import JSON

/// The members of a command, by name and type; names in any case, as everywhere on `$CONTROL`.
package struct ControlArguments: Sendable, Equatable {
    /// The command as it came.
    let value: JSONValue

    init(_ value: JSONValue) { self.value = value }

    /// All but the name and what is handed back: what an audit line has.
    var forAudit: JSONValue {
        guard case .object(let members) = value else { return .object([]) }
        return .object(
            members.filter { !["command", "correlationdata"].contains($0.key.lowercased()) }
        )
    }

    /// A text; nil where there is none.
    package func text(_ key: String) throws(ControlFailure) -> String? {
        guard let member = value[key] else { return nil }
        guard let text = member.text else { throw ControlFailure("Invalid '\(key)': not a string") }
        return text
    }

    /// A list of texts; nil where there is none.
    package func texts(_ key: String) throws(ControlFailure) -> [String]? {
        guard let member = value[key] else { return nil }
        let texts = member.elements?.compactMap(\.text)
        guard let texts, texts.count == member.elements?.count else {
            throw ControlFailure("Invalid '\(key)': not a list of strings")
        }
        return texts
    }

    /// A text that must be there and not be empty.
    package func requiredText(_ key: String) throws(ControlFailure) -> String {
        guard let text = try text(key), !text.isEmpty else {
            throw ControlFailure("Missing '\(key)'")
        }
        return text
    }

    /// A whole number within a range; nil where there is none.
    package func integer(
        _ key: String,
        in range: ClosedRange<Int>
    ) throws(ControlFailure) -> Int? {
        guard let member = value[key] else { return nil }
        guard let number = member.integer, range.contains(number) else {
            throw ControlFailure(
                "Invalid '\(key)': not a number from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }

    /// True or false; false where neither is said.
    package func flag(_ key: String) throws(ControlFailure) -> Bool {
        guard let member = value[key] else { return false }
        guard let flag = member.flag else {
            throw ControlFailure("Invalid '\(key)': neither true nor false")
        }
        return flag
    }

    /// One of some words; nil where none is said.
    package func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String,
        of type: Choice.Type
    ) throws(ControlFailure) -> Choice? where Choice.RawValue == String {
        guard let word = try text(key) else { return nil }
        let choice = Choice.allCases.first { $0.rawValue == word.lowercased() }
        guard let choice else {
            let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw ControlFailure("Invalid '\(key)': not one of \(words)")
        }
        return choice
    }

    /// A pattern for names; nil where there is none.
    func pattern(_ key: String) throws(ControlFailure) -> GlobPattern? {
        guard let text = try text(key) else { return nil }
        guard let pattern = GlobPattern(text) else {
            throw ControlFailure("Invalid '\(key)': more than \(GlobPattern.bytesMax) bytes")
        }
        return pattern
    }
}
