// SPDX-License-Identifier: Apache-2.0
// The lines a broker begins its log with.

import Config
import Log

/// The lines a broker begins its log with.
enum StartupLog {
    /// The parts of the original that can be compiled in, and whether they are here.
    typealias Features = [(name: String, isAvailable: Bool)]

    /// Logs version, configuration file and features.
    static func write(_ configuration: Configuration, features: Features, to log: Log) {
        log.info("mosquitto version \(BrokerVersion.number) starting")
        log.info(BrokerVersion.releaseLine)
        if let file = configuration.configFile {
            log.info("Config loaded from \(file).")
        } else {
            log.info("Using default config.")
        }
        for feature in features {
            let state = feature.isAvailable ? "available" : "NOT available"
            log.info("\(feature.name) support \(state).")
        }
    }

    /// Warns that only this machine can connect.
    static func writeLocalOnlyWarnings(to log: Log) {
        for line in ConfigurationParser.localOnlyWarnings { log.warning(line) }
    }
}
