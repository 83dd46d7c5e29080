// SPDX-License-Identifier: Apache-2.0
// One line of what a bridge passes on.

/// One `topic` line of a bridge.
package struct BridgeTopic: Sendable, Equatable {
    /// Which way messages go.
    package enum Direction: String, Sendable {
        /// From the remote to this broker.
        case `in`
        /// From this broker to the remote.
        case out
        /// Both ways.
        case both
    }

    /// The pattern; empty maps the local prefix to the remote prefix exactly.
    package let pattern: String
    /// Which way messages go.
    package let direction: Direction
    /// The highest QoS.
    package let qos: Int
    /// What topics begin with in this broker.
    package let localPrefix: String
    /// What topics begin with on the remote.
    package let remotePrefix: String

    /// Makes a topic line.
    package init(
        pattern: String,
        direction: Direction,
        qos: Int,
        localPrefix: String,
        remotePrefix: String
    ) {
        self.pattern = pattern
        self.direction = direction
        self.qos = qos
        self.localPrefix = localPrefix
        self.remotePrefix = remotePrefix
    }
}
