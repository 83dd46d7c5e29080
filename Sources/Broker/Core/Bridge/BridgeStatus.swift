// SPDX-License-Identifier: Apache-2.0
// What is known of a bridge.

import Config

/// How one bridge is.
///
/// There is one for each bridge at any time, so that words are made when somebody asks.
package struct BridgeStatus: Sendable {
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

    /// How it is configured.
    var plan: BridgePlan
    /// The number of the address it is connected to, or connects to next.
    var addressIndex: Int
    /// The protocol version it speaks: 3, 4 or 5.
    package internal(set) var protocolVersion: UInt8
    /// What it is doing.
    package internal(set) var state: State
    /// Since when, in seconds since 1970.
    package internal(set) var since: Int64
    /// When it connects next, in seconds since 1970; nil while it is not waiting.
    package internal(set) var nextAttempt: Int64?
    /// How it was told last why there is no connection.
    var lastEnd: BridgeEnd?

    /// The name on its `connection` line.
    package var name: String { plan.configuration.name }
    /// Its client identifier in this broker.
    package var localClientIdentifier: String { plan.configuration.localClientid }
    /// Its client identifier at the remote.
    package var remoteClientIdentifier: String { plan.configuration.remoteClientid }
    /// The address it is connected to, or connects to next.
    package var address: String { plan.configuration.addresses[addressIndex].description }
    /// Why it was not connected the last time it ended; nil if it never was so.
    package var lastError: String? { lastEnd?.text }
}
