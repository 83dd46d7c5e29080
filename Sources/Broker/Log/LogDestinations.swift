// SPDX-License-Identifier: Apache-2.0
// Where log lines go.

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
    /// The destination of `log_dest journal`.
    package static let journal = LogDestinations(rawValue: 32)
}
