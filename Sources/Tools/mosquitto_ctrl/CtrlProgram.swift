// SPDX-License-Identifier: Apache-2.0
// The words of the command line as completions know them, out of the tables the program works by.

import ProgramOptions

/// The words of the command line as completions know them.
enum CtrlProgram {
    /// The program with its modules and their commands.
    static let description = CommandLineCommand(
        "mosquitto_ctrl",
        options: OptionRule.all.map(\.description) + [.completion],
        commands: ControlModule.allCases.map { module in
            CommandLineCommand(
                module.rawValue,
                module.summary,
                commands: module.commands.filter(\.isOnCommandLine).map(command) + [help]
            )
        }
    )

    private static let help = CommandLineCommand("help", "Show the commands.")

    /// A command with the options and arguments its syntax names.
    private static func command(_ rule: CommandRule) -> CommandLineCommand {
        var options: [CommandLineOption] = []
        var arguments: [CommandLineWord] = []
        if case .fields(let fields, let optional, let requestOptions) = rule.form {
            return CommandLineCommand(
                rule.name,
                rule.summary,
                options: requestOptions.map(\.description)
                    + [CommandLineOption(["--help"], "show the arguments")],
                arguments: (fields + [optional].compactMap(\.self)).map { _ in .text }
            )
        }
        var words = rule.syntax.split(separator: " ").map { word in
            String(word.filter { !"<>[]".contains($0) })
        }[...]
        while let word = words.popFirst() {
            if word.hasPrefix("-") {
                let value = words.popFirst() ?? ""
                options.append(CommandLineOption([word], takes: .text, value))
            } else {
                arguments.append(argument(word, of: rule))
            }
        }
        options.append(CommandLineOption(["--help"], "show the arguments"))
        return CommandLineCommand(rule.name, rule.summary, options: options, arguments: arguments)
    }

    /// What the word of a syntax stands for.
    private static func argument(_ word: String, of rule: CommandRule) -> CommandLineWord {
        if word.contains("|") { return .choice(word.split(separator: "|").map(String.init)) }
        switch word {
        case "new-config-file": return .file
        case "acltype":
            let isDefault = rule.name == "setDefaultACLAccess"
            return .choice(isDefault ? CommandRule.defaultAccessTypes : CommandRule.accessTypes)
        default: return .text
        }
    }
}
