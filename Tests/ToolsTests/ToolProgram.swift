// SPDX-License-Identifier: Apache-2.0
// Runs the tools as their users do: as programs, with arguments and files.

import TestSupport

/// A program built beside the tests.
enum ToolProgram: String {
    case ctrl = "mosquitto_ctrl"
    case passwd = "mosquitto_passwd"
    case signal = "mosquitto_signal"
    case dump = "mosquitto_db_dump"

    /// Where the program is.
    var path: String { Broker.built(rawValue) }

    /// Runs it to its end with nothing on standard input and no options file.
    func run(_ arguments: [String], in directory: String? = nil) throws -> Outcome {
        try ChildProcess.run(
            path,
            arguments,
            directory: directory,
            environment: ["XDG_CONFIG_HOME": "/nonexistent"]
        )
    }
}
