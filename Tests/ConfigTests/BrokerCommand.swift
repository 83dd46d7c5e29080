// SPDX-License-Identifier: Apache-2.0
// Running the built broker and collecting what it says.

import TestSupport

/// One run of the built broker that ends by itself.
struct BrokerCommand {
    let status: Int32
    let output: String
    let errors: String

    /// Runs the broker with the arguments and waits for its end.
    init(_ arguments: [String], environment: [String: String] = [:]) throws {
        let outcome = try ChildProcess.run(
            Broker.Program.own.path,
            arguments,
            environment: environment
        )
        status = outcome.status
        output = outcome.output
        errors = outcome.errors
    }

    /// The lines on stderr without the time.
    var lines: [String] {
        errors.split(separator: "\n").map { Broker.withoutTimeStamp(String($0)) }
    }
}
