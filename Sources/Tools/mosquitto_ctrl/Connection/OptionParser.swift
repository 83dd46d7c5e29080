// SPDX-License-Identifier: Apache-2.0
// The parser that walks the table of options, with the error texts scripts know.

import MQTT
import ToolSupport

/// Reads the options in front of the module's name.
struct OptionParser {
    /// The options, with those of the options file on top.
    private(set) var options = ConnectionOptions()
    /// The module, its command and that command's arguments.
    private(set) var words: [String] = []
    /// Whether any option was given.
    private(set) var hasOptions = false

    /// Parses the words behind the program's name.
    ///
    /// - Throws: the text to print in front of the usage.
    init(_ arguments: [String], environment: [String: String]) throws(ToolFailure) {
        var rest = arguments[...]
        while let word = rest.first, word.hasPrefix("-") {
            hasOptions = true
            rest = rest.dropFirst()
            let rule = try Self.rule(named: word)
            var value = ""
            if let argument = rule.argument {
                guard let next = rest.first else {
                    throw ToolFailure(
                        "Error: \(rule.title) argument given but no \(argument) specified.\n"
                    )
                }
                // Who asks for help gets it, whatever stands before.
                if next == "--help" { options.wantsHelp = true }
                value = next
                rest = rest.dropFirst()
            }
            if let complaint = rule.apply(&options, value), !options.wantsHelp {
                throw ToolFailure(complaint)
            }
        }
        words = Array(rest)
        try OptionsFile.apply(to: &options, environment: environment)
        if let conflict = options.conflict { throw ToolFailure(conflict) }
    }

    /// The option called `name`.
    static func rule(named name: String) throws(ToolFailure) -> OptionRule {
        guard let rule = OptionRule.all.first(where: { $0.names.contains(name) }) else {
            throw ToolFailure("Error: Unknown option '\(name)'.")
        }
        return rule
    }
}
