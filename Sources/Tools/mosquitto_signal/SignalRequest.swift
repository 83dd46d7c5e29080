// SPDX-License-Identifier: Apache-2.0
// The command line of mosquitto_signal, and what it asks for.

import Glibc
import ProgramOptions
import ToolSupport

/// A command line that asks for no signal.
enum SignalUsage: Error, Equatable {
    /// Say how the program is used.
    case help
    /// Print the completions for a shell.
    case completions(String)
}

/// A signal, and whom to send it to.
struct SignalRequest: Equatable {
    /// Whom to send it to.
    enum Target: Equatable {
        /// Every process that is called mosquitto.
        case all
        /// One process, whatever it is called.
        case process(pid_t)
    }

    let target: Target
    let signal: BrokerSignal

    /// Parses the words behind the program's name; the last of several targets or signals counts.
    init(_ words: [String]) throws {
        guard !words.isEmpty, !words.contains("--help") else { throw SignalUsage.help }
        let completions = CompletionShell.completions(askedBy: words, of: SignalOption.program)
        if let completions { throw SignalUsage.completions(completions) }
        var target: Target?
        var signal: BrokerSignal?
        var rest = words[...]
        while let word = rest.popFirst() {
            switch SignalOption(named: word) {
            case .all: target = .all
            case .process: target = .process(try Self.process(rest.popFirst()))
            case .help: throw SignalUsage.help
            case nil:
                guard let known = BrokerSignal(rawValue: word) else {
                    throw ToolFailure("Error: Unknown signal '\(word)'.")
                }
                signal = known
            }
        }
        guard let target else { throw ToolFailure("Error: One of -a or -p must be used.") }
        guard let signal else { throw ToolFailure("Error: No signal given.") }
        self.target = target
        self.signal = signal
    }

    private static func process(_ word: String?) throws(ToolFailure) -> pid_t {
        guard let word else {
            throw ToolFailure("Error: -p argument given but process ID missing.")
        }
        guard let process = pid_t(word), process > 0 else {
            throw ToolFailure("Error: Process ID must be >0.")
        }
        return process
    }

    /// Sends the signal; returns a line for each process that did not get it.
    func carryOut() -> [String] {
        let processes =
            switch target {
            case .all: BrokerProcesses.running()
            case .process(let process): [process]
            }
        return processes.compactMap { process in
            guard kill(process, signal.number) == -1 else { return nil }
            let reason = String(cString: strerror(errno))
            return "Error: Unable to signal process \(process): \(reason)."
        }
    }
}
