// SPDX-License-Identifier: Apache-2.0
// What the `log_*` options ask for.

/// Where log lines go; several destinations may be set at once.
package struct LogDestinations: OptionSet, Sendable, Hashable {
    /// One bit per destination.
    package let rawValue: UInt8

    /// Takes the bits as they are.
    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The destination of `log_dest syslog`.
    package static let syslog = LogDestinations(rawValue: 1)
    /// The destination of `log_dest file`.
    package static let file = LogDestinations(rawValue: 2)
    /// The destination of `log_dest stdout`.
    package static let stdout = LogDestinations(rawValue: 4)
    /// The destination of `log_dest stderr`.
    package static let stderr = LogDestinations(rawValue: 8)
    /// The destination of `log_dest topic`.
    package static let topic = LogDestinations(rawValue: 16)
}

/// The settings of the log: one immutable value, swapped as a whole on reload.
package struct LogConfiguration: Sendable, Equatable {
    /// Where lines go; empty after `log_dest none`.
    package var destinations: LogDestinations = .stderr
    /// The file of `log_dest file`.
    package var filePath: String?
    /// What the error line about the file ends in: its place in the configuration.
    package var fileMention = ""
    /// The facility of `log_facility`: nil is daemon, 0...7 are local0...local7.
    package var facility: Int?
    /// Whether lines begin with the time.
    package var hasTimestamp = true
    /// The `strftime` format of the time; nil writes Unix seconds.
    package var timestampFormat: String?
    /// The types that are written.
    package var types: LogTypes = .standard

    /// The settings in force when nothing is configured.
    package init() {}
}

/// One log line that waits to be written, such as a remark of the configuration parser.
package struct LogRecord: Sendable, Equatable {
    /// The type of the line.
    package let type: LogTypes
    /// The text without time.
    package let message: String

    /// Makes a record.
    package init(_ type: LogTypes, _ message: String) {
        self.type = type
        self.message = message
    }
}
