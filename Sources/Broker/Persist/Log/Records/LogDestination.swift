// SPDX-License-Identifier: Apache-2.0
// Where an accepted message goes.

/// Where an accepted message goes.
package struct LogDestination: Sendable, Equatable {
    /// What has become of the message there.
    package enum Fate: Sendable, Equatable {
        /// Its home has yet to take it in or to drop it.
        case pending
        /// Waits in the queue under this sequence number.
        case queued(sequence: UInt64)
        /// Has gone out at once.
        case sent(sequence: UInt64, identifier: UInt16)
        /// Was not taken in.
        case dropped(LogDropReason)
    }

    package var session: SessionNumber
    /// QoS it is delivered with.
    package var qos: UInt8
    /// The RETAIN flag it is delivered with.
    package var isRetained: Bool
    /// 0 for none.
    package var subscriptionIdentifier: UInt32
    package var fate: Fate

    package init(
        session: SessionNumber,
        qos: UInt8,
        isRetained: Bool = false,
        subscriptionIdentifier: UInt32 = 0,
        fate: Fate
    ) {
        self.session = session
        self.qos = qos
        self.isRetained = isRetained
        self.subscriptionIdentifier = subscriptionIdentifier
        self.fate = fate
    }
}
