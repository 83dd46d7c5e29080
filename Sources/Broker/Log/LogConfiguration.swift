// SPDX-License-Identifier: Apache-2.0
// What the `log_*` options ask for.

/// What log lines look like (`log_format`); the raw values are the option's words.
package enum LogFormat: String, Sendable {
    /// Time and text.
    case text
    /// One JSON object a line.
    case json
    /// `key=value` pairs.
    case logfmt
}

/// The settings of the log: one immutable value, swapped as a whole on reload.
package struct LogConfiguration: Sendable, Equatable {
    /// Where lines go; empty after `log_dest none`.
    package var destinations: LogDestinations = .stderr
    /// The file of `log_dest file`.
    package var filePath: String?
    /// What lines look like everywhere but in the journal.
    package var format = LogFormat.text
    /// The socket of `log_dest journal`; tests put their own here, no option does.
    package var journalPath = "/run/systemd/journal/socket"
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
