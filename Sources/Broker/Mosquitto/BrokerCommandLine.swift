// SPDX-License-Identifier: Apache-2.0
// The command line of the broker; its syntax and texts are those of the original.

import Config
import Glibc
import Log
import ProgramOptions

/// What the command line of the broker says.
struct BrokerCommandLine {
    /// Why the command line ends the broker at once.
    enum Stop: Error {
        /// The option `--help`.
        case help
        /// The option `--version`.
        case version
        /// The option `--completion` with its shell; the text to print.
        case completions(String)
        /// An option there is not.
        case unknownOption(String)
        /// A value that is missing or wrong, or a configuration that is.
        case error(ConfigurationError)
    }

    /// The file of the last `-c`.
    private(set) var configFile: String?
    /// Whether `-d` asks to go to the background.
    private(set) var isDaemon = false
    /// The ports of `-p`.
    private(set) var ports: [Int] = []
    /// Whether `-q` silences the log.
    private(set) var isQuiet = false
    /// Whether `-v` logs everything.
    private(set) var isVerbose = false
    /// Whether `--test-config` only checks the configuration.
    private(set) var isConfigTest = false
    /// Whether `--repair` keeps what can be read of a damaged session log.
    private(set) var isRepair = false
    /// The file TLS secrets are appended to.
    private(set) var tlsKeylogPath: String?

    /// Reads the arguments from left to right; `-c` reads its file on the spot.
    ///
    /// Whoever asks for help, anywhere, or for completions gets nothing else.
    init(_ arguments: [String], parser: inout ConfigurationParser) throws(Stop) {
        var rest = arguments.dropFirst()
        if rest.contains("--help") { throw .help }
        let completions = CompletionShell.completions(
            askedBy: Array(rest),
            of: BrokerOption.program
        )
        if let completions { throw .completions(completions) }
        while let argument = rest.popFirst() {
            guard let option = BrokerOption(named: argument) else {
                throw .unknownOption(argument)
            }
            switch option {
            case .help: throw .help
            case .version: throw .version
            case .daemon: isDaemon = true
            case .quiet: isQuiet = true
            case .verbose: isVerbose = true
            case .testConfig: isConfigTest = true
            case .repair: isRepair = true
            case .configFile, .port, .tlsKeylog:
                do throws(ConfigurationError) {
                    try readValue(of: option, from: &rest, parser: &parser)
                } catch {
                    throw .error(error)
                }
            }
        }
    }

    /// Reads the value of an option that has one.
    private mutating func readValue(
        of option: BrokerOption,
        from rest: inout ArraySlice<String>,
        parser: inout ConfigurationParser
    ) throws(ConfigurationError) {
        assert(option.description.value != nil, "an option with a value")
        switch option {
        case .configFile:
            let path = try Self.value(&rest, of: "-c", "config file")
            configFile = path
            try parser.parse(file: path)
        case .port: try addPort(&rest)
        case .tlsKeylog:
            tlsKeylogPath = try Self.value(&rest, of: "--tls-keylog", "file")
        case .daemon, .help, .quiet, .verbose, .repair, .testConfig, .version: break
        }
    }

    /// The configuration with what `-q` and `-v` change; they win over the file.
    func applied(to configuration: Configuration) -> Configuration {
        var result = configuration
        if isQuiet {
            result.logging.types = []
        } else if isVerbose {
            result.logging.types = .all
        }
        return result
    }

    /// `-p <port>`, at most ten times.
    private mutating func addPort(
        _ rest: inout ArraySlice<String>
    ) throws(ConfigurationError) {
        guard ports.count < 10 else {
            throw ConfigurationError(
                "Error: Only 10 ports can be specified on the command line."
            )
        }
        let port = Int(atoi(try Self.value(&rest, of: "-p", "port")))
        guard 1...65535 ~= port else {
            throw ConfigurationError("Error: Invalid port specified (\(port)).")
        }
        ports.append(port)
    }

    /// The argument after an option.
    private static func value(
        _ rest: inout ArraySlice<String>,
        of option: String,
        _ what: String
    ) throws(ConfigurationError) -> String {
        guard let value = rest.popFirst() else {
            throw ConfigurationError(
                "Error: \(option) argument given, but no \(what) specified."
            )
        }
        return value
    }

    /// What `--help` prints.
    static let usage = """
        mosquitto version \(BrokerVersion.number)
        \(BrokerVersion.releaseLine)

        mosquitto is an MQTT v5.0/v3.1.1/v3.1 broker.

        Usage: mosquitto [-c config_file] [-d] [-h] [-p port] [-v]
                         [--repair] [--test-config] [--tls-keylog file] [--version]

        \(BrokerOption.table)

        See mosquitto(8) and mosquitto.conf(5).

        """

    /// What `--version` prints.
    static let version = """
        mosquitto \(BrokerVersion.number)
        \(BrokerVersion.releaseLine)
        Written in Swift; compatible with Eclipse Mosquitto \(BrokerVersion.number).
        Licensed under the Apache License, Version 2.0.

        """
}
