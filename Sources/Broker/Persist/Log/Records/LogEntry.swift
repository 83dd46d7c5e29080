// SPDX-License-Identifier: Apache-2.0
// A message on its way in the image of a session.

package import Inflight

/// A message on its way in the image of a session.
package struct LogEntry: Sendable, Equatable {
    /// How far it has come.
    package enum Progress: Sendable, Equatable {
        /// Somebody else has yet to say whether it is taken in.
        case pending
        /// Never sent.
        case queued
        /// PUBLISH was sent.
        case published(identifier: UInt16)
        /// PUBREC has come.
        case released(identifier: UInt16)
    }

    /// Its number in the session's queue; 0 when pending.
    package var sequence: UInt64
    package var message: MessageNumber
    package var qos: UInt8
    package var isRetained: Bool
    package var subscriptionIdentifier: UInt32
    package var progress: Progress

    package init(
        sequence: UInt64,
        message: MessageNumber,
        qos: UInt8,
        isRetained: Bool = false,
        subscriptionIdentifier: UInt32 = 0,
        progress: Progress = .queued
    ) {
        self.sequence = sequence
        self.message = message
        self.qos = qos
        self.isRetained = isRetained
        self.subscriptionIdentifier = subscriptionIdentifier
        self.progress = progress
    }
}
