// SPDX-License-Identifier: Apache-2.0
// The shells that programs can be completed in.

/// A shell that programs can be completed in.
package enum CompletionShell: String, CaseIterable, Sendable {
    case bash
    case zsh
    case fish

    /// The file that teaches the shell to complete `program`.
    package func completions(of program: CommandLineCommand) -> String {
        switch self {
        case .bash: BashCompletion(program: program).text
        case .zsh: ZshCompletion(program: program).text
        case .fish: FishCompletion(program: program).text
        }
    }

    /// The completions that the words behind the program's name ask for, nil if they do not.
    ///
    /// The option has to stand alone with its value, so that it never is the value of another one.
    package static func completions(
        askedBy words: [String],
        of program: @autoclosure () -> CommandLineCommand
    ) -> String? {
        guard words.count == 2, CommandLineOption.completion.names.contains(words[0]) else {
            return nil
        }
        return CompletionShell(rawValue: words[1])?.completions(of: program())
    }
}
