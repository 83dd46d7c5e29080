// SPDX-License-Identifier: Apache-2.0
// What the completions for bash and zsh have in common: how they find out where the cursor is.

/// The lines of a shell function that finds out where in a command line the cursor is.
///
/// They keep `level`, the commands before the cursor; `place`, how many arguments of the last one there
/// are; and `kind`, what is wanted at the cursor: a keyword, or `words` and the words to choose from.
struct CompletionWalk {
    let program: CommandLineCommand

    /// The branches of a `case "$level $word"` that goes over one word before the cursor.
    var steps: [String] {
        var lines: [String] = []
        for level in program.levels {
            for option in level.command.options {
                let patterns = option.names.map { "'\(level.path) \($0)'" }
                let kind = option.value.map(Self.kind)
                let action = kind.map { "kind='\($0)'" } ?? ":"
                lines.append("\(patterns.joined(separator: " | "))) \(action) ;;")
            }
            for command in level.command.commands {
                let path = level.path.isEmpty ? command.name : "\(level.path) \(command.name)"
                lines.append("'\(level.path) \(command.name)') level='\(path)' place=0 ;;")
            }
        }
        return lines + ["*) place=$((place + 1)) ;;"]
    }

    /// The branches of a `case "$level:$place"` that says what an argument is.
    var arguments: [String] {
        program.levels.flatMap { level in
            level.command.arguments.enumerated().map { place, word in
                "'\(level.path):\(place)') kind='\(Self.kind(word))' ;;"
            }
        }
    }

    /// The word for what is wanted.
    private static func kind(_ word: CommandLineWord) -> String {
        switch word {
        case .file: "file"
        case .directory: "directory"
        case .host: "host"
        case .choice(let words): "words \(words.joined(separator: " "))"
        case .text: "text"
        }
    }
}

extension [String] {
    /// The lines as one text, each with `count` blanks in front.
    func indented(_ count: Int) -> String {
        map { String(repeating: " ", count: count) + $0 }.joined(separator: "\n")
    }
}
