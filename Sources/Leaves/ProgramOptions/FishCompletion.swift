// SPDX-License-Identifier: Apache-2.0
// The completions of a program for fish.

/// The completions of a program for fish: one line for each option, command and argument.
struct FishCompletion {
    let program: CommandLineCommand

    /// The file.
    var text: String {
        var lines = [
            "# Completions of \(program.name) for fish, made by: \(program.name) --completion fish"
        ]
        if program.arguments.first != .file { lines.append("complete -c \(program.name) -f") }
        for level in program.levels {
            let condition = condition(at: level)
            lines += level.command.options.map { line(of: $0, condition) }
            lines += level.command.commands.map {
                "complete -c \(program.name)\(condition) -f -a \($0.name) -d \(Self.quoted($0.summary))"
            }
            for word in level.command.arguments where !level.path.isEmpty && word != .text {
                lines.append("complete -c \(program.name)\(condition)\(Self.offer(word))")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func line(of option: CommandLineOption, _ condition: String) -> String {
        let names = option.names.map { name in
            if name.hasPrefix("--") { return " -l \(name.dropFirst(2))" }
            return name.count == 2 ? " -s \(name.dropFirst())" : " -o \(name.dropFirst())"
        }
        let value = option.value.map { " -r" + Self.offer($0) } ?? ""
        return "complete -c \(program.name)\(condition)\(names.joined())\(value)"
            + " -d \(Self.quoted(option.summary))"
    }

    /// When a line counts: behind the commands of the level and before one that belongs to it.
    private func condition(at level: CommandLineCommand.Level) -> String {
        let seen = level.path.split(separator: " ").map { "__fish_seen_subcommand_from \($0)" }
        let commands = level.command.commands.map(\.name).joined(separator: " ")
        let none = commands.isEmpty ? [] : ["not __fish_seen_subcommand_from \(commands)"]
        let all = (seen + none).joined(separator: "; and ")
        return all.isEmpty ? "" : " -n '\(all)'"
    }

    private static func quoted(_ text: String) -> String {
        "'\(text.replacing("'", with: #"\'"#))'"
    }

    private static func offer(_ word: CommandLineWord) -> String {
        switch word {
        case .file: " -F"
        case .directory: " -f -a '(__fish_complete_directories)'"
        case .host: " -f -a '(__fish_print_hostnames)'"
        case .choice(let words): " -f -a '\(words.joined(separator: " "))'"
        case .text: " -f"
        }
    }
}
