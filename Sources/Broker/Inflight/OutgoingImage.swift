// SPDX-License-Identifier: Apache-2.0
// A message on its way to a client, as a plain value.

import MQTT

/// A message on its way to the client.
package struct OutgoingImage: Sendable, Equatable {
    /// How far a message has come that was sent at least once.
    package enum Progress: Sendable, Equatable {
        /// Never sent.
        case queued
        /// PUBLISH was sent.
        case published(identifier: UInt16)
        /// PUBREC has come: PUBREL is next.
        case released(identifier: UInt16)
    }

    package var message: MessageNumber
    package var qos: UInt8
    package var isRetained: Bool
    package var subscriptionIdentifier: UInt32
    package var progress: Progress
    /// The number under which plugins know it; 0 when they do not.
    ///
    /// In no file.
    package var entry: UInt32 = 0

    package init(
        message: MessageNumber,
        qos: UInt8,
        isRetained: Bool,
        subscriptionIdentifier: UInt32,
        progress: Progress = .queued
    ) {
        self.message = message
        self.qos = qos
        self.isRetained = isRetained
        self.subscriptionIdentifier = subscriptionIdentifier
        self.progress = progress
    }

    /// Its packet identifier, once it was sent.
    package var identifier: UInt16? {
        switch progress {
        case .queued: nil
        case .published(let identifier), .released(let identifier): identifier
        }
    }
}
