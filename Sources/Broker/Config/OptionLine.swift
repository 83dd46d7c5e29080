// SPDX-License-Identifier: Apache-2.0
// One line of a configuration file and the readers of its values.

import Glibc
import Log

/// One line of a configuration file: the option's name, and its values read from left to right.
///
/// Only spaces separate words. The readers throw with the text the original broker prints.
struct OptionLine {
    /// The name as written.
    let name: String
    /// Whether the option occurred before in the same section.
    var isRepeated = false
    /// Everything behind the name, without white space around it.
    let value: String
    /// Whether a text of the line has ` #` in it: a comment that is none.
    private(set) var hasCommentInValue = false
    /// Remarks for the log.
    var remarks: [LogRecord] = []
    /// What is left of the line.
    private var rest: ArraySlice<UInt8>

    /// Splits a line without line end; nil if it is blank.
    init?(_ bytes: ArraySlice<UInt8>) {
        rest = bytes.drop { $0 == UInt8(ascii: " ") }
        guard !rest.isEmpty else { return nil }
        let word = rest.prefix { $0 != UInt8(ascii: " ") }
        name = String(decoding: word, as: UTF8.self)
        rest = rest[word.endIndex...].dropFirst()
        var text = rest.drop(while: Self.isSpace)
        while let last = text.last, Self.isSpace(last) { text.removeLast() }
        value = String(decoding: text, as: UTF8.self)
    }

    /// The value `true`, `1`, `false` or `0`.
    mutating func bool() throws(ConfigurationError) -> Bool {
        let value: Bool
        switch try word() {
        case "true", "1": value = true
        case "false", "0": value = false
        case let other: throw invalid(other, known: ["true", "false"])
        }
        return value
    }

    /// A number in C notation that fits 32 bits.
    ///
    /// - Parameter label: what error lines call the value, if not the name of the option.
    mutating func int(label: String? = nil) throws(ConfigurationError) -> Int {
        try Self.int(try word(label: label), label: label ?? name)
    }

    /// A number that fits 64 bits; text counts as 0.
    mutating func lenientInt64() throws(ConfigurationError) -> Int {
        strtol(try word(), nil, 10)
    }

    /// The rest of the line without the white space around it, as valid MQTT UTF-8 text.
    ///
    /// - Parameter isOnce: whether a second occurrence is an error.
    mutating func string(isOnce: Bool = false) throws(ConfigurationError) -> String {
        if isOnce, isRepeated {
            throw ConfigurationError("Error: Duplicate '\(name)' value in configuration.")
        }
        let bytes = trimmedRest
        rest = []
        noteComment(in: bytes)
        guard !bytes.isEmpty else { throw empty() }
        guard bytes.count <= 65535 else { throw ConfigurationError([]) }
        guard let text = MQTTText.decode(bytes) else {
            throw ConfigurationError("Error: Malformed UTF-8 in configuration.")
        }
        return text
    }

    /// The rest of the line after leading spaces, whatever it is; empty if there is none.
    ///
    /// - Parameter tabs: whether leading tabs go as well.
    mutating func verbatim(droppingTabs tabs: Bool = false) -> String {
        let bytes = rest.drop { $0 == UInt8(ascii: " ") || (tabs && $0 == UInt8(ascii: "\t")) }
        rest = []
        noteComment(in: bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The rest of the line without white space around it, whatever it is; empty if there is none.
    mutating func trimmedText() -> String {
        let bytes = trimmedRest
        rest = []
        noteComment(in: bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The next word.
    ///
    /// - Parameter label: what the error calls it, if not the name of the option.
    mutating func word(label: String? = nil) throws(ConfigurationError) -> String {
        guard let word = nextWord() else { throw empty(label) }
        return word
    }

    /// The next word; nil at the end of the line.
    mutating func nextWord() -> String? {
        rest = rest.drop { $0 == UInt8(ascii: " ") }
        guard !rest.isEmpty else { return nil }
        let word = rest.prefix { $0 != UInt8(ascii: " ") }
        rest = rest[word.endIndex...].dropFirst()
        return String(decoding: word, as: UTF8.self)
    }

    /// The text between the double quotes the rest of the line begins with.
    ///
    /// - Parameter missing: makes the error of a text without closing quote.
    mutating func quoted(
        orElse missing: (_ text: String) -> ConfigurationError
    ) throws(ConfigurationError) -> String {
        let text = rest.drop { $0 == UInt8(ascii: " ") }.dropFirst()
        guard let end = text.firstIndex(of: UInt8(ascii: "\"")) else {
            throw missing(String(decoding: text, as: UTF8.self))
        }
        rest = text[(end + 1)...]
        return String(decoding: text[..<end], as: UTF8.self)
    }

    /// Whether the rest of the line begins with the given character after spaces.
    func restBegins(with character: UInt8) -> Bool {
        rest.first { $0 != UInt8(ascii: " ") } == character
    }

    /// The word in a whole word of C notation as a number that fits 32 bits.
    static func int(_ word: String, label: String) throws(ConfigurationError) -> Int {
        let (value, isWhole, isOutOfRange) = word.withCString { text in
            var end: UnsafeMutablePointer<CChar>?
            errno = 0
            let value = strtol(text, &end, 0)
            return (value, end?.pointee == 0 && end.map { text != $0 } == true, errno == ERANGE)
        }
        guard isWhole else {
            throw ConfigurationError("Error: '\(label)' value not a number.")
        }
        guard !isOutOfRange, Int(Int32.min)...Int(Int32.max) ~= value else {
            throw ConfigurationError("Error: '\(label)' value out of range.")
        }
        return value
    }

    /// The error of a value that is not among the allowed ones, of which `known` are some.
    func invalid(
        _ value: some CustomStringConvertible,
        known: some Sequence<String> = EmptyCollection<String>()
    ) -> ConfigurationError {
        let question = Suggestion.question(about: "\(value)", among: known)
        return ConfigurationError("Error: Invalid '\(name)' value (\(value)).\(question)")
    }

    /// Notes whether a text has what looks like a comment behind its value.
    private mutating func noteComment(in bytes: ArraySlice<UInt8>) {
        let pairs = zip(bytes, bytes.dropFirst())
        guard pairs.contains(where: { $0 == UInt8(ascii: " ") && $1 == UInt8(ascii: "#") }) else {
            return
        }
        hasCommentInValue = true
    }

    /// The error of a value that is missing.
    func empty(_ label: String? = nil) -> ConfigurationError {
        ConfigurationError("Error: Empty '\(label ?? name)' value in configuration.")
    }

    /// Says that the option is going away.
    mutating func remarkDeprecated(_ hint: String) {
        let notice = "The '\(name)' option is now deprecated and will be removed in version 3.0."
        remarks.append(LogRecord(.notice, "\(notice) \(hint)"))
    }

    /// Adds a warning.
    mutating func warn(_ message: String) {
        remarks.append(LogRecord(.warning, message))
    }

    /// The rest of the line without white space at both ends.
    private var trimmedRest: ArraySlice<UInt8> {
        var bytes = rest.drop(while: Self.isSpace)
        while let last = bytes.last, Self.isSpace(last) { bytes.removeLast() }
        return bytes
    }

    /// Whether C calls the byte white space.
    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte)
    }
}
