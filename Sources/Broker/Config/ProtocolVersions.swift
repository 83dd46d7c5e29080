// SPDX-License-Identifier: Apache-2.0
// Which versions of MQTT a listener accepts.

/// A set of MQTT versions.
package struct ProtocolVersions: OptionSet, Sendable {
    /// Bit n stands for protocol level n.
    package let rawValue: UInt8

    /// Takes the bits as they are.
    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The set of the one version with the given protocol level, 3...5; empty for others.
    package init(level: Int) {
        rawValue = (3...5).contains(level) ? 1 << UInt8(level) : 0
    }

    /// Every version there is.
    package static let all = ProtocolVersions(rawValue: 0b111000)

    /// Whether the version with this protocol level (3, 4 or 5) is in the set.
    package func contains(level: UInt8) -> Bool {
        level < 8 && rawValue & (1 << level) != 0
    }
}
