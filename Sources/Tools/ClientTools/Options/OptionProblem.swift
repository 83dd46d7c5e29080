// SPDX-License-Identifier: Apache-2.0
// Why a command line of a client tool is not followed.

/// Why a command line is not followed.
package enum OptionProblem: Error, Equatable {
    /// `--help`.
    case help
    /// `--version`.
    case version
    /// This text was asked for.
    case answer(String)
    /// An option is wrong: its text, which the hint about `--help` follows.
    ///
    /// Behind some texts the original leaves one more line free, which scripts that compare notice.
    case option(String, isSpaced: Bool)
    /// The options do not fit together: the text, which the usage follows.
    case usage(String)
    /// What the options name cannot be used: the text, and nothing else.
    case setup(String)

    /// A problem of one option.
    static func spaced(_ text: String) -> OptionProblem { .option(text, isSpaced: true) }

    /// A problem of several options, or of a topic.
    static func plain(_ text: String) -> OptionProblem { .option(text, isSpaced: false) }

    /// What is printed on standard error, with the last newline.
    package func complaint(of tool: ClientTool) -> String {
        let hint = "\nUse '\(tool.rawValue) --help' to see usage.\n"
        switch self {
        case .help, .version, .answer: return ""
        case .option(let text, let isSpaced): return "\(text)\n\(isSpaced ? "\n" : "")\(hint)"
        case .usage(let text), .setup(let text): return "\(text)\n"
        }
    }
}
