// SPDX-License-Identifier: Apache-2.0
// One option of the command line.

import MQTT
import ProgramOptions
import ToolSupport

/// One option: its names, what its argument is called in errors, and what it sets.
struct OptionRule: Sendable {
    /// Its names, its argument and what it does, for help and completion.
    var description: CommandLineOption
    /// Its names with their dashes.
    var names: [String] { description.names }
    /// The name errors call it by.
    var title: String
    /// What is missing when the argument is; nil for options without one.
    var argument: String?
    /// Stores the argument, or says why it cannot be.
    var apply: @Sendable (inout ConnectionOptions, String) -> String?

    /// An option that stores its argument as it is.
    static func text(
        _ names: String...,
        argument: String,
        as word: CommandLineWord = .text,
        _ summary: String,
        to path: any WritableKeyPath<ConnectionOptions, String?> & Sendable
    ) -> OptionRule {
        parsed(names, argument: argument, as: word, summary) { options, value in
            options[keyPath: path] = value
            return nil
        }
    }

    /// An option that is given or not.
    static func flag(
        _ names: String...,
        summary: String,
        to path: any WritableKeyPath<ConnectionOptions, Bool> & Sendable
    ) -> OptionRule {
        let description = CommandLineOption(names, summary)
        return OptionRule(description: description, title: names[0]) { options, _ in
            options[keyPath: path] = true
            return nil
        }
    }

    /// An option whose argument is checked; `apply` returns the error text.
    static func parsed(
        _ names: [String],
        title: String? = nil,
        argument: String,
        as word: CommandLineWord = .text,
        _ summary: String,
        apply: @escaping @Sendable (inout ConnectionOptions, String) -> String?
    ) -> OptionRule {
        OptionRule(
            description: CommandLineOption(names, takes: word, summary),
            title: title ?? names[0],
            argument: argument,
            apply: apply
        )
    }
}
