// SPDX-License-Identifier: Apache-2.0
// Who a client is, for rules, logs, plugins and messages.

package import MQTT
package import Net

/// Immutable facts about a client, made when its CONNECT has been read; shared between threads
/// and kept by every message of the client for as long as the message lives.
package final class ClientIdentity: Sendable {
    /// The client identifier in force.
    package let clientIdentifier: String
    /// The user name in force: from CONNECT, a certificate, or a plugin.
    package let userName: String?
    /// Where the client connects from.
    package let peer: PeerAddress
    /// The listener it came through; nil for sessions restored without one.
    package let listener: ListenerSettings?
    /// The protocol version it speaks.
    package let version: ProtocolVersion
    /// Keep alive interval in seconds as the client asked for.
    package let keepAliveSeconds: UInt16
    /// Clean start (5.0) or clean session (3.x).
    package let isCleanStart: Bool
    /// A bridge of another broker, by the protocol version's high bit.
    package let isBridge: Bool
    /// Authentication method of enhanced authentication.
    package let authenticationMethod: String?

    package init(
        clientIdentifier: String,
        userName: String?,
        peer: PeerAddress,
        listener: ListenerSettings?,
        version: ProtocolVersion,
        keepAliveSeconds: UInt16,
        isCleanStart: Bool,
        isBridge: Bool,
        authenticationMethod: String?
    ) {
        self.clientIdentifier = clientIdentifier
        self.userName = userName
        self.peer = peer
        self.listener = listener
        self.version = version
        self.keepAliveSeconds = keepAliveSeconds
        self.isCleanStart = isCleanStart
        self.isBridge = isBridge
        self.authenticationMethod = authenticationMethod
    }

    /// `ID [address:port]`, the form log lines name a client in.
    package var logName: String { "\(clientIdentifier) [\(peer.host):\(peer.port)]" }
}
