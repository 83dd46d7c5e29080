// SPDX-License-Identifier: Apache-2.0
// A broker started with arguments of the test's own, whose lines are read one after another.

import TestSupport

/// A broker that runs until it is told to stop.
final class RunningBroker {
    private let process: ChildProcess
    /// How many lines have been looked at.
    private var next = 0

    init(_ arguments: [String], environment: [String: String] = [:]) throws {
        process = try ChildProcess(
            Broker.Program.own.path,
            arguments,
            environment: environment
        )
    }

    /// The process identifier.
    var pid: Int32 { process.pid }

    /// The lines of the log so far.
    var lines: [String] { process.errors.lines }

    /// Looks at further lines until one contains the text; false at the end of the output.
    func waitFor(_ text: String) -> Bool {
        let found = process.errors.wait(from: next, seconds: 20) { line in
            next += 1
            return line.contains(text)
        }
        return found != nil
    }

    /// Sends a signal.
    func signal(_ number: Int32) { process.signal(number) }

    /// Waits for the end and returns the exit status; nil if there is none within 20 seconds.
    func end() -> Int32? { process.wait(seconds: 20)?.status }
}
