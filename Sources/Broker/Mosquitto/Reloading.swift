// SPDX-License-Identifier: Apache-2.0
// A configuration read again: whole and ready to be put in force, or not at all.

import Config
import Core
import Log
import SafeFiles

/// What a reload has read: everything that can fail has been done, and nothing is in force.
struct Reloading {
    /// The configuration that is in force when this is.
    let configuration: Configuration
    /// Certificates, keys and the like.
    let transports: PreparedTransports
    /// What the parser remarked.
    let remarks: [LogRecord]
    /// What the file says otherwise than before.
    let changes: [ConfigurationChange]

    /// Reads the configuration file again and merges it with the running configuration.
    init(
        _ running: Configuration,
        _ commandLine: BrokerCommandLine,
        _ broker: Broker
    ) throws(ConfigurationError) {
        var parser = ConfigurationParser(source: SystemConfigurationSource())
        if let path = commandLine.configFile { try parser.parse(file: path) }
        let new = try parser.finish(ports: commandLine.ports)
        configuration = commandLine.applied(to: try running.applyingReload(of: new))
        let unwritable =
            ConfigurationCheck.logFile(configuration) + ConfigurationCheck.auditFile(configuration)
        if let error = unwritable.first { throw error }
        transports = try broker.prepare(configuration)
        remarks = parser.records
        changes = running.changes(in: new)
    }

    /// Logs what has changed, and what only the next start brings into force.
    func writeChanges(to log: Log) {
        for remark in remarks { log.write(remark.type, remark.message) }
        for change in changes {
            if change.needsRestart {
                log.warning(change.line)
            } else {
                log.info(change.line)
            }
        }
        if changes.isEmpty {
            log.info("Reloaded: no option has changed; the files they name were read again.")
        }
    }
}
