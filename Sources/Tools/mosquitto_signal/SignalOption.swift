// SPDX-License-Identifier: Apache-2.0
// The table of the options of mosquitto_signal, from which help and completions are made.

import ProgramOptions

/// An option of mosquitto_signal.
enum SignalOption: OptionTable {
    case all
    case process
    case help

    var description: CommandLineOption {
        switch self {
        case .all: CommandLineOption(["-a"], "signal every process that is called mosquitto.")
        case .process: CommandLineOption(["-p"], takes: .text, "signal the process with this ID.")
        case .help: CommandLineOption(["--help"], "print this help.")
        }
    }

    /// The program, for its completion.
    static let program = CommandLineCommand(
        "mosquitto_signal",
        options: allCases.map(\.description) + [.completion],
        arguments: [.choice(BrokerSignal.allCases.map(\.rawValue))]
    )

    /// What is printed when the program is called without knowing how.
    static let usage = """
        mosquitto_signal sends a signal to running mosquitto brokers.

        Usage: mosquitto_signal {-a | -p pid} signal
               mosquitto_signal --help

        \(table)

        Signals:
        \(signals)

        See mosquitto_signal(1) and mosquitto(8).
        """

    private static let table = (allCases.map(\.description) + [.completion])
        .map { " \($0.names.joined(separator: ", ")) : \($0.summary)" }
        .joined(separator: "\n")

    private static let signals = BrokerSignal.allCases
        .map { " \($0.rawValue) : \($0.summary)" }
        .joined(separator: "\n")
}
