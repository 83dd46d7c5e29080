// SPDX-License-Identifier: Apache-2.0
// Messages that waited and have gone out.

package import Inflight

/// Messages that waited and have gone out, with consecutive numbers and identifiers.
package struct LogSending: Sendable, Equatable {
    package var session: SessionNumber
    /// The sequence number of the first.
    package var sequence: UInt64
    package var identifiers: IdentifierStretch
    /// QoS they went out with, 1 or 2.
    package var qos: UInt8
    /// The last packet identifier given, to messages that wait included.
    package var lastIdentifier: UInt16

    package init(
        session: SessionNumber,
        sequence: UInt64,
        identifiers: IdentifierStretch,
        qos: UInt8,
        lastIdentifier: UInt16
    ) {
        self.session = session
        self.sequence = sequence
        self.identifiers = identifiers
        self.qos = qos
        self.lastIdentifier = lastIdentifier
    }
}
