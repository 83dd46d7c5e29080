// SPDX-License-Identifier: Apache-2.0
// The table of the options of mosquitto_passwd, from which help and completions are made.

import ProgramOptions

/// An option of mosquitto_passwd.
enum PasswdOption: OptionTable {
    case batch
    case create
    case delete
    case hash
    case iterations
    case hashAll
    case help

    var description: CommandLineOption {
        switch self {
        case .batch:
            CommandLineOption(
                ["-b"],
                "take the password from the command line instead of asking for it."
            )
        case .create:
            CommandLineOption(
                ["-c"],
                "create the password file, which must not exist yet. "
                    + "\"-\" writes to standard output."
            )
        case .delete: CommandLineOption(["-D"], "delete the user.")
        case .hash:
            CommandLineOption(
                ["-H"],
                takes: .choice(PasswordAlgorithm.allCases.map(\.rawValue)),
                "how to store the password: argon2id, sha512-pbkdf2 (default) or sha512."
            )
        case .iterations:
            CommandLineOption(
                ["-I"],
                takes: .text,
                "the number of iterations of sha512-pbkdf2 (default 1000)."
            )
        case .hashAll:
            CommandLineOption(
                ["-U"],
                "hash every password of a file that holds them in plain text."
            )
        case .help: CommandLineOption(["-h", "--help"], "print this help.")
        }
    }

    /// The options as the usage shows them.
    static let table = (allCases.map(\.description) + [.completion])
        .map { " \($0.names.joined(separator: ", ")) : \($0.summary)" }
        .joined(separator: "\n")

    /// The program, for its completion.
    static let program = CommandLineCommand(
        "mosquitto_passwd",
        options: allCases.map(\.description) + [.completion],
        arguments: [.file, .text, .text]
    )
}
