// SPDX-License-Identifier: Apache-2.0
// The table of the options of mosquitto_db_dump, from which help and completions are made.

import ProgramOptions

/// An option of mosquitto_db_dump.
enum DumpOption: OptionTable {
    case stats
    case clientStats
    case json
    case help

    var description: CommandLineOption {
        switch self {
        case .stats:
            CommandLineOption(["--stats"], "print how many records of each kind there are.")
        case .clientStats:
            CommandLineOption(
                ["--client-stats"],
                "print how many subscriptions and messages each client has, and their size."
            )
        case .json: CommandLineOption(["--json"], "print everything as one JSON object.")
        case .help: CommandLineOption(["--help"], "print this help.")
        }
    }

    /// The program, for its completion.
    static let program = CommandLineCommand(
        "mosquitto_db_dump",
        options: allCases.map(\.description) + [.completion],
        arguments: [.file]
    )

    /// What is said when a command line cannot be followed.
    static let usageLine =
        "Usage: mosquitto_db_dump [--stats | --client-stats | --json] <mosquitto db filename>"

    /// What is printed when it is asked for.
    static let helpText = """
        mosquitto_db_dump prints what a persistent database of mosquitto holds.

        \(usageLine)
               mosquitto_db_dump --help

        \(table)

        See mosquitto_db_dump(1).

        """

    private static let table = (allCases.map(\.description) + [.completion])
        .map { " \($0.names.joined(separator: ", ")) : \($0.summary)" }
        .joined(separator: "\n")
}
