// SPDX-License-Identifier: Apache-2.0
// A message on its way to or from a client, in the file.

package import Inflight

/// One message of one session (CLIENT_MSG).
package struct DatabaseDelivery: Sendable, Equatable {
    /// Whence it comes.
    package enum Direction: UInt8, Sendable {
        /// From the client.
        case incoming = 0
        /// To the client.
        case outgoing = 1
    }

    /// How far it has come, in the original's numbers.
    package enum State: UInt8, Sendable, CaseIterable {
        /// QoS 0, to be sent.
        case publishQoS0 = 1
        /// QoS 1, to be sent, perhaps again.
        case publishQoS1 = 2
        /// QoS 1, sent.
        case awaitingPuback = 3
        /// QoS 2, to be sent, perhaps again.
        case publishQoS2 = 4
        /// QoS 2, sent.
        case awaitingPubrec = 5
        /// PUBREL is to be sent again.
        case resendPubrel = 6
        /// PUBREC was sent.
        case awaitingPubrel = 7
        /// PUBCOMP is to be sent again.
        case resendPubcomp = 8
        /// PUBREL was sent.
        case awaitingPubcomp = 9
        /// PUBREC is to be sent.
        case sendPubrec = 10
        /// Waits for a place in the window.
        case queued = 11
    }

    package var clientIdentifier: String
    package var message: MessageNumber
    /// Packet identifier; 0 for QoS 0.
    package var identifier: UInt16
    package var qos: UInt8
    package var isRetained: Bool
    package var isDuplicate: Bool
    package var direction: Direction
    package var state: State
    /// Subscription Identifier; 0 for none.
    package var subscriptionIdentifier: UInt32

    package init(
        clientIdentifier: String,
        message: MessageNumber,
        identifier: UInt16,
        qos: UInt8,
        isRetained: Bool,
        isDuplicate: Bool,
        direction: Direction,
        state: State,
        subscriptionIdentifier: UInt32
    ) {
        self.clientIdentifier = clientIdentifier
        self.message = message
        self.identifier = identifier
        self.qos = qos
        self.isRetained = isRetained
        self.isDuplicate = isDuplicate
        self.direction = direction
        self.state = state
        self.subscriptionIdentifier = subscriptionIdentifier
    }
}
