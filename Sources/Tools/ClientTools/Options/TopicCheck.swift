// SPDX-License-Identifier: Apache-2.0
// Topics of the command line.

import MQTT
import TopicRules

extension [UInt8] {
    /// The bytes as text.
    var text: String { String(decoding: self, as: UTF8.self) }
}

/// Checks of topics, with the texts scripts know.
enum TopicCheck {
    /// Refuses what is no UTF-8 string that MQTT permits.
    static func utf8(_ value: [UInt8], _ name: String, isSpaced: Bool) throws(OptionProblem) {
        guard validateUTF8(value.span.bytes) else {
            throw .option("Error: Malformed UTF-8 in \(name) argument.", isSpaced: isSpaced)
        }
    }

    /// Whether it is a topic name; an empty one is, which a topic alias may stand for.
    static func isName(_ value: [UInt8]) -> Bool { value.isEmpty || TopicRules.isName(value.span) }

    /// Whether it is a topic filter; that an empty one is none is for the library to say.
    static func isFilter(_ value: [UInt8]) -> Bool {
        value.isEmpty || TopicRules.isFilter(value.span)
    }

    /// Adds a topic of `-t` or `-L` to the options.
    static func add(
        _ value: [UInt8],
        _ name: String,
        to options: inout ToolOptions
    ) throws(OptionProblem) {
        try utf8(value, name, isSpaced: true)
        if options.tool == .sub {
            guard isFilter(value) else {
                throw .plain(
                    "Error: Invalid subscription topic '\(value.text)', "
                        + "are all '+' and '#' wildcards correct?"
                )
            }
            options.topics.append(value)
        } else {
            guard isName(value) else {
                throw .plain(
                    "Error: Invalid publish topic '\(value.text)', does it contain '+' or '#'?"
                )
            }
            options.topics = [value]
        }
    }
}
