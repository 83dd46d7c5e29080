// SPDX-License-Identifier: Apache-2.0
// What is known of a bridge.

/// How one bridge is.
package struct BridgeStatus: Sendable, Equatable {
    /// What it is doing.
    package enum State: String, Sendable {
        /// The remote has accepted it.
        case connected
        /// On its way: looking the name up, connecting, shaking hands, waiting for CONNACK.
        case connecting
        /// It connects again when the wait is over.
        case waiting
        /// It connects when messages wait (`start_type lazy`).
        case idle
        /// It does not connect any more (`start_type once`).
        case stopped
    }

    /// The name on its `connection` line.
    package let name: String
    /// Its client identifier in this broker.
    package let localClientIdentifier: String
    /// Its client identifier at the remote.
    package let remoteClientIdentifier: String
    /// The address it is connected to, or connects to next.
    package let address: String
    /// The protocol version it speaks: 3, 4 or 5.
    package let protocolVersion: UInt8
    /// What it is doing.
    package let state: State
    /// Since when, in seconds since 1970.
    package let since: Int64
    /// Why it was not connected the last time it ended; nil if it never was so.
    package let lastError: String?
    /// When it connects next, in seconds since 1970; nil while it is not waiting.
    package let nextAttempt: Int64?
}
