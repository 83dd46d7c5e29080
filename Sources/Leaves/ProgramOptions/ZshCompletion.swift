// SPDX-License-Identifier: Apache-2.0
// The completions of a program for zsh.

/// The completions of a program for zsh, with what each option and command does.
struct ZshCompletion {
    let program: CommandLineCommand

    /// The file, which has the program's name with `_` in front.
    var text: String {
        let walk = CompletionWalk(program: program)
        return """
            #compdef \(program.name)
            # Completions of \(program.name) for zsh, made by: \(program.name) --completion zsh
            _\(program.name)() {
                local current=${words[CURRENT]} level= kind= place=0 word index
                local -a offers
                for ((index = 2; index < CURRENT; index++)); do
                    word=${words[index]}
                    if [[ -n $kind ]]; then kind= && continue; fi
                    case "$level $word" in
            \(walk.steps.indented(12))
                    esac
                done
                if [[ -z $kind ]]; then
                    case "$level:$place" in
            \((commands + walk.arguments).indented(12))
                        *) kind=text ;;
                    esac
                    case "$level $current" in
            \(options.indented(12))
                    esac
                fi
                case "$kind" in
                    file) _files ;;
                    directory) _files -/ ;;
                    host) _hosts ;;
                    words\\ *) compadd -- ${=kind#words } ;;
                    offers) _describe \(program.name) offers ;;
                esac
            }
            _\(program.name) "$@"

            """
    }

    private var commands: [String] {
        program.levels.filter { !$0.command.commands.isEmpty }.map { level in
            let offers = level.command.commands.map { Self.offer($0.name, $0.summary) }
            return "'\(level.path):0') kind=offers offers=(\(offers.joined(separator: " "))) ;;"
        }
    }

    private var options: [String] {
        program.levels.filter { !$0.command.options.isEmpty }.map { level in
            let offers = level.command.options.flatMap { option in
                option.names.map { Self.offer($0, option.summary) }
            }
            return "'\(level.path) -'*) kind=offers offers=(\(offers.joined(separator: " "))) ;;"
        }
    }

    /// A word and what it does, as `_describe` takes them.
    private static func offer(_ name: String, _ summary: String) -> String {
        "'\(name):\(summary.replacing("'", with: #"'\''"#))'"
    }
}
