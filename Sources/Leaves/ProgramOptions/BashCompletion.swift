// SPDX-License-Identifier: Apache-2.0
// The completions of a program for bash.

/// The completions of a program for bash, which needs no package of its own for them.
struct BashCompletion {
    let program: CommandLineCommand

    /// The file.
    var text: String {
        let walk = CompletionWalk(program: program)
        return """
            # Completions of \(program.name) for bash, made by: \(program.name) --completion bash
            _\(program.name)() {
                local current=${COMP_WORDS[COMP_CWORD]} level= kind= place=0 word index
                for ((index = 1; index < COMP_CWORD; index++)); do
                    word=${COMP_WORDS[index]}
                    if [ -n "$kind" ]; then kind= && continue; fi
                    case "$level $word" in
            \(walk.steps.indented(12))
                    esac
                done
                if [ -z "$kind" ]; then
                    case "$level:$place" in
            \((commands + walk.arguments).indented(12))
                        *) kind=text ;;
                    esac
                    case "$level $current" in
            \(options.indented(12))
                    esac
                fi
                COMPREPLY=()
                case "$kind" in
                    file) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
                    directory) mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
                    host) mapfile -t COMPREPLY < <(compgen -A hostname -- "$current") ;;
                    words\\ *) mapfile -t COMPREPLY < <(compgen -W "${kind#words }" -- "$current") ;;
                esac
                case "$kind" in
                    file | directory) compopt -o filenames 2>/dev/null ;;
                esac
            }
            complete -F _\(program.name) \(program.name)

            """
    }

    /// Commands where one may follow.
    private var commands: [String] {
        program.levels.filter { !$0.command.commands.isEmpty }.map { level in
            let names = level.command.commands.map(\.name).joined(separator: " ")
            return "'\(level.path):0') kind='words \(names)' ;;"
        }
    }

    /// Options where a dash is typed, as long as no argument has come.
    private var options: [String] {
        program.levels.filter { !$0.command.options.isEmpty }.map { level in
            let names = level.command.options.flatMap(\.names).joined(separator: " ")
            return "'\(level.path) -'*) kind='words \(names)' ;;"
        }
    }
}
