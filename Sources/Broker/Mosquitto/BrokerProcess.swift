// SPDX-License-Identifier: Apache-2.0
// The life of the process up to the broker itself: options, privileges, daemon, pid file.

import Config
import Glibc
import Log
import Net
import SafeFiles

/// The life of the process up to the broker itself.
enum BrokerProcess {
    /// Runs the broker and returns its exit status.
    static func main(arguments: [String]) -> Int32 {
        let log = Log()
        switch read(arguments, log) {
        case .success(let (configuration, commandLine)):
            return start(configuration, commandLine, log)
        case .failure(let stop):
            logTermination(log)
            return stop.status
        }
    }

    /// Reads command line and files.
    ///
    /// What only the parser knows, as much as the configuration itself where there are a thousand
    /// bridges, is gone with it before the broker starts.
    private static func read(
        _ arguments: [String],
        _ log: Log
    ) -> Result<(Configuration, BrokerCommandLine), EarlyEnd> {
        var parser = ConfigurationParser(source: SystemConfigurationSource())
        do throws(BrokerCommandLine.Stop) {
            let commandLine = try BrokerCommandLine(arguments, parser: &parser)
            let configuration = try finish(&parser, commandLine)
            writeRemarks(of: parser, to: log)
            return .success((configuration, commandLine))
        } catch {
            return .failure(EarlyEnd(status: report(error, parser, log)))
        }
    }

    /// The broker does not start; why is said already.
    private struct EarlyEnd: Error {
        let status: Int32
    }

    /// Logs the line every exit of the broker logs.
    static func logTermination(_ log: Log) {
        log.info("mosquitto version \(BrokerVersion.number) terminating", LogFields(.stopped))
    }

    /// The finished configuration with what command line and environment change.
    private static func finish(
        _ parser: inout ConfigurationParser,
        _ commandLine: BrokerCommandLine
    ) throws(BrokerCommandLine.Stop) -> Configuration {
        do throws(ConfigurationError) {
            var configuration = try parser.finish(ports: commandLine.ports)
            if let location = getenv("MOSQUITTO_PERSISTENCE_LOCATION") {
                configuration.persistenceLocationOverride = String(cString: location)
            }
            return commandLine.applied(to: configuration)
        } catch {
            throw .error(error)
        }
    }

    /// Logs what the parser remarked.
    private static func writeRemarks(of parser: ConfigurationParser, to log: Log) {
        log.configureForm(of: parser.configuration.logging)
        for record in parser.records { log.write(record.type, record.message) }
    }

    /// Prints why the broker does not start.
    private static func report(
        _ stop: BrokerCommandLine.Stop,
        _ parser: ConfigurationParser,
        _ log: Log
    ) -> Int32 {
        switch stop {
        case .help:
            print(BrokerCommandLine.usage, terminator: "")
            return 0
        case .version:
            print(BrokerCommandLine.version, terminator: "")
            return 0
        case .completions(let text):
            print(text, terminator: "")
            return 0
        case .unknownOption(let option):
            log.error("Error: Unknown option '\(option)'.")
            print(BrokerCommandLine.usage, terminator: "")
            return 3
        case .error(let error):
            writeRemarks(of: parser, to: log)
            for line in error.lines { log.error(line) }
            return error.exitCode
        }
    }

    /// Tests the configuration, or becomes the broker.
    private static func start(
        _ configuration: Configuration,
        _ commandLine: BrokerCommandLine,
        _ log: Log
    ) -> Int32 {
        if commandLine.isConfigTest {
            defer { logTermination(log) }
            guard commandLine.configFile != nil else {
                log.error("Please provide a configuration file to test.")
                return 3
            }
            let mistakes = ConfigurationCheck.mistakes(in: configuration, log)
            for line in mistakes.flatMap(\.lines) { log.error(line) }
            if let first = mistakes.first { return first.exitCode }
            log.info("Configuration file is OK.")
            return 0
        }
        let pidFile: PidFile
        var daemon: DaemonStart?
        do throws(StartError) {
            try Privileges.drop(to: configuration, log)
            try Privileges.applyUmask()
            if commandLine.isDaemon { daemon = try DaemonStart(log) }
            pidFile = try PidFile(configuration)
        } catch {
            log.error(error.line)
            logTermination(log)
            return error.exitCode
        }
        if SensitiveFile.allowsSymbolicLinks {
            log.notice("Sensitive files may be reached through symbolic links.")
        }
        return runBroker(configuration, commandLine, pidFile, log, &daemon)
    }
}
