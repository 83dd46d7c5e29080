// SPDX-License-Identifier: Apache-2.0
// An application message in the file.

package import Inflight

/// A message without its topic, properties and payload (BASE_MSG), which go beside it as bytes.
package struct DatabaseMessage: Sendable, Equatable {
    /// What others in the file refer to it by.
    package var number: MessageNumber
    /// Its last second since 1970: it is void when that is over; 0: never.
    package var expiryTime: Int64
    /// The client identifier of its publisher; empty for the broker itself.
    package var sourceIdentifier: String
    /// The user name of its publisher.
    package var sourceUserName: String?
    /// The port of the listener it came through; 0 for none.
    package var sourcePort: UInt16
    /// The packet identifier it came with.
    package var sourcePacketIdentifier: UInt16
    /// QoS it was published with, 0 to 2.
    package var qos: UInt8
    /// The retain flag it was published with.
    package var isRetained: Bool

    package init(
        number: MessageNumber,
        expiryTime: Int64 = 0,
        sourceIdentifier: String = "",
        sourceUserName: String? = nil,
        sourcePort: UInt16 = 0,
        sourcePacketIdentifier: UInt16 = 0,
        qos: UInt8,
        isRetained: Bool = false
    ) {
        self.number = number
        self.expiryTime = expiryTime
        self.sourceIdentifier = sourceIdentifier
        self.sourceUserName = sourceUserName
        self.sourcePort = sourcePort
        self.sourcePacketIdentifier = sourcePacketIdentifier
        self.qos = qos
        self.isRetained = isRetained
    }

    /// Whether it is void at a second since 1970.
    ///
    /// So is one that would live longer than any message expiry interval (5.0 section 3.3.2.3.3):
    /// the original takes it for expired as well.
    package func isExpired(at second: Int64) -> Bool {
        guard expiryTime != 0 else { return false }
        let (rest, overflows) = expiryTime.subtractingReportingOverflow(second)
        return overflows || rest < 0 || rest > Int64(UInt32.max)
    }
}
