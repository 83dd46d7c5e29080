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
        var parser = ConfigurationParser(source: SystemConfigurationSource())
        do throws(BrokerCommandLine.Stop) {
            let commandLine = try BrokerCommandLine(arguments, parser: &parser)
            let configuration = try finish(parser, commandLine)
            writeRemarks(of: parser, to: log)
            return start(configuration, commandLine, log)
        } catch {
            let status = report(error, parser, log)
            logTermination(log)
            return status
        }
    }

    /// Logs the line every exit of the broker logs.
    static func logTermination(_ log: Log) {
        log.info("mosquitto version \(BrokerVersion.number) terminating", LogFields(.stopped))
    }

    /// Reads the configuration file again and merges it with the running configuration.
    ///
    /// Nothing of it is in force if this throws.
    static func reloaded(
        _ running: Configuration,
        _ commandLine: BrokerCommandLine,
        _ log: Log
    ) throws(ConfigurationError) -> Configuration {
        var parser = ConfigurationParser(source: SystemConfigurationSource())
        defer { writeRemarks(of: parser, to: log) }
        if let path = commandLine.configFile { try parser.parse(file: path) }
        let new = try parser.finish(ports: commandLine.ports)
        let result = commandLine.applied(to: try running.applyingReload(of: new))
        for name in running.keptPersistenceOptions(of: new) {
            log.warning("Warning: The '\(name)' option comes into force at the next start.")
        }
        return result
    }

    /// The finished configuration with what command line and environment change.
    private static func finish(
        _ parser: ConfigurationParser,
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
            do throws(ConfigurationError) {
                try Support.check(configuration)
            } catch {
                for line in error.lines { log.error(line) }
                return error.exitCode
            }
            log.info("Configuration file is OK.")
            return 0
        }
        let pidFile: PidFile
        var daemon: DaemonStart?
        do throws(StartError) {
            try Privileges.drop(to: configuration.user, log)
            try Privileges.applyUmask()
            if commandLine.isDaemon { daemon = try DaemonStart(log) }
            pidFile = try PidFile(path: configuration.pidFile)
        } catch {
            log.error(error.line)
            logTermination(log)
            return error.exitCode
        }
        defer { pidFile.remove() }
        if SensitiveFile.allowsSymbolicLinks {
            log.notice("Sensitive files may be reached through symbolic links.")
        }
        return runBroker(
            configuration: configuration,
            commandLine: commandLine,
            log: log,
            daemon: &daemon
        )
    }
}
