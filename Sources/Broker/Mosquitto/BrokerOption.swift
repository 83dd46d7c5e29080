// SPDX-License-Identifier: Apache-2.0
// The table of the broker's command-line options, from which help and completions are made.

import ProgramOptions

/// An option of the broker's command line.
enum BrokerOption: OptionTable {
    case configFile
    case daemon
    case help
    case port
    case quiet
    case verbose
    case repair
    case testConfig
    case tlsKeylog
    case version

    var description: CommandLineOption {
        switch self {
        case .configFile:
            CommandLineOption(
                ["-c", "--config-file"],
                takes: .file,
                "read the configuration from this file."
            )
        case .daemon:
            CommandLineOption(["-d", "--daemon"], "go to the background after starting.")
        case .help: CommandLineOption(["-h", "--help"], "print this help.")
        case .port:
            CommandLineOption(
                ["-p", "--port"],
                takes: .text,
                "listen on this port of the loopback addresses; may be repeated."
            )
        case .quiet:
            CommandLineOption(
                ["-q", "--quiet"],
                "log nothing; wins over -v and the configuration file."
            )
        case .verbose:
            CommandLineOption(
                ["-v", "--verbose"],
                "log everything; wins over the configuration file."
            )
        case .repair:
            CommandLineOption(["--repair"], "keep what can be read of a damaged session log.")
        case .testConfig:
            CommandLineOption(["--test-config"], "check the configuration file and exit.")
        case .tlsKeylog:
            CommandLineOption(
                ["--tls-keylog"],
                takes: .file,
                "append TLS secrets to this file, for reading captured traffic."
            )
        case .version: CommandLineOption(["--version"], "print the version.")
        }
    }

    /// A further line of the help; nil if there is none.
    private var remark: String? {
        self == .port ? "Has no effect if the configuration file opens a listener." : nil
    }

    /// The options as the help shows them.
    static let table: String = {
        let all = allCases.map { ($0.description, $0.remark) } + [(.completion, nil)]
        return all.flatMap { option, remark in
            let names = option.names.joined(separator: ", ")
            let padding = String(repeating: " ", count: max(0, 18 - names.count))
            let first = " \(names)\(padding): \(option.summary)"
            return [first] + (remark.map { [String(repeating: " ", count: 21) + $0] } ?? [])
        }.joined(separator: "\n")
    }()

    /// The program, for its completion.
    static let program = CommandLineCommand(
        "mosquitto",
        options: allCases.map(\.description) + [.completion]
    )
}
