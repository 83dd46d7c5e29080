// SPDX-License-Identifier: Apache-2.0
// What `--test-config` looks at beyond the text of the file.

import Config
import Core
import Glibc
import Log
import PluginHost
import SafeFiles

/// Opens what a configuration names, without starting anything and without changing anything.
enum ConfigurationCheck {
    /// Everything that would end the start, and a log file that cannot be written; what else is
    /// remarkable is logged.
    ///
    /// It is what the user sees that the broker runs as: the process becomes that user first.
    static func mistakes(in configuration: Configuration, _ log: Log) -> [ConfigurationError] {
        var errors: [ConfigurationError] = []
        do throws(StartError) {
            try Privileges.drop(to: configuration, log, isAnnounced: false)
            try Privileges.applyUmask()
        } catch {
            // Whatever another user may read says nothing.
            return errors + [ConfigurationError([error.line], exitCode: error.exitCode)]
        }
        do throws(StartError) {
            _ = try PidFile(configuration)
        } catch {
            errors.append(ConfigurationError([error.line], exitCode: error.exitCode))
        }
        errors += logFile(configuration) + auditFile(configuration)
        errors += persistence(configuration)
        errors += PluginCheck.mistakes(in: configuration, log: log)
        return errors + ListenerCheck.mistakes(in: configuration, log: log)
    }

    /// Why the log file cannot be written, if it cannot.
    static func logFile(_ configuration: Configuration) -> [ConfigurationError] {
        let logging = configuration.logging
        guard logging.destinations.contains(.file), let path = logging.filePath,
            let error = SensitiveFile.obstacleToAppending(path)
        else { return [] }
        let place = configuration.places.mention(OptionPlaces.logFile, in: .general)
        let line =
            "Error: Unable to open log file \(path) for writing: \(error.explanation)\(place)."
        return [ConfigurationError([line], exitCode: 1)]
    }

    /// Why the audit file cannot be written, if it cannot.
    static func auditFile(_ configuration: Configuration) -> [ConfigurationError] {
        guard let path = configuration.auditFile,
            let error = SensitiveFile.obstacleToAppending(path)
        else { return [] }
        let place = configuration.places.mention("audit_file", in: .general)
        let line =
            "Error: Unable to open audit file \(path) for writing: \(error.explanation)\(place)."
        return [ConfigurationError([line], exitCode: 1)]
    }

    private static func persistence(_ configuration: Configuration) -> [ConfigurationError] {
        guard configuration.persistence else { return [] }
        let folder = configuration.persistenceDirectory ?? "."
        guard access(folder + "/.", W_OK | X_OK) != 0 else { return [] }
        let reason = FileError("open", folder).explanation
        let place = configuration.places.mention(
            "persistence_location",
            "persistence",
            in: .general
        )
        let line = "Error: Unable to keep state in \(folder): \(reason)\(place)."
        return [ConfigurationError([line], exitCode: 1)]
    }
}
