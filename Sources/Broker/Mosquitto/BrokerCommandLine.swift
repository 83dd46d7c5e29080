// SPDX-License-Identifier: Apache-2.0
// The command line of the broker; its syntax and texts are those of the original.

import Config
import Glibc
import Log

/// What the command line of the broker says.
struct BrokerCommandLine {
    /// Why the command line ends the broker at once.
    enum Stop: Error {
        /// The option `--help`.
        case help
        /// The option `--version`.
        case version
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
    init(_ arguments: [String], parser: inout ConfigurationParser) throws(Stop) {
        var rest = arguments.dropFirst()
        while let argument = rest.popFirst() {
            switch argument {
            case "-d", "--daemon": isDaemon = true
            case "-h", "--help": throw .help
            case "--version": throw .version
            case "-q", "--quiet": isQuiet = true
            case "-v", "--verbose": isVerbose = true
            case "--test-config": isConfigTest = true
            case "--repair": isRepair = true
            default:
                let isUnknown: Bool
                do throws(ConfigurationError) {
                    isUnknown = try !readValue(of: argument, from: &rest, parser: &parser)
                } catch {
                    throw .error(error)
                }
                if isUnknown { throw .unknownOption(argument) }
            }
        }
    }

    /// Reads an option that has a value.
    ///
    /// - Returns: false if there is no such option.
    private mutating func readValue(
        of argument: String,
        from rest: inout ArraySlice<String>,
        parser: inout ConfigurationParser
    ) throws(ConfigurationError) -> Bool {
        switch argument {
        case "-c", "--config-file":
            let path = try Self.value(&rest, of: "-c", "config file")
            configFile = path
            try parser.parse(file: path)
        case "-p", "--port": try addPort(&rest)
        case "--tls-keylog":
            tlsKeylogPath = try Self.value(&rest, of: "--tls-keylog", "file")
        default: return false
        }
        return true
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

        mosquitto is an MQTT v5.0/v3.1.1/v3.1 broker.

        Usage: mosquitto [-c config_file] [-d] [-h] [-p port] [-v]
                         [--repair] [--test-config] [--tls-keylog file] [--version]

         -c, --config-file : read the configuration from this file.
         -d, --daemon      : go to the background after starting.
         -h, --help        : print this help.
         -p, --port        : listen on this port of the loopback addresses; may be repeated.
                             Has no effect if the configuration file opens a listener.
         -q, --quiet       : log nothing; wins over -v and the configuration file.
         -v, --verbose     : log everything; wins over the configuration file.
         --repair          : keep what can be read of a damaged session log.
         --test-config     : check the configuration file and exit.
         --tls-keylog      : append TLS secrets to this file, for reading captured traffic.
         --version         : print the version.

        """

    /// What `--version` prints.
    static let version = """
        mosquitto \(BrokerVersion.number)
        Written in Swift; compatible with Eclipse Mosquitto \(BrokerVersion.number).
        Licensed under the Apache License, Version 2.0.

        """
}
