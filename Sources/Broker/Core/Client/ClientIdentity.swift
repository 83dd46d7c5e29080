// SPDX-License-Identifier: Apache-2.0
// Who a client is, for rules, logs, plugins and messages.

package import MQTT
package import Net
import Persist
package import Synchronization

/// Facts about a client, made when its CONNECT has been read; shared between threads and kept by
/// every message of the client for as long as the message lives.
///
/// What CONNECT and the listener said is immutable. The rest is not: the two names, which a plugin
/// may replace while it authenticates the client; what TLS has told, which is given back when the
/// connection has ended, as messages may live for years; what the plugin host keeps with the client;
/// how many subscriptions its session has; and its number in the session log, which it gets when it
/// is first needed.
package final class ClientIdentity: Sendable {
    private struct Names {
        var clientIdentifier: String
        var userName: String?
    }

    private let names: Mutex<Names>
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
    /// Who vouches for the user name.
    package let proof: IdentityProof
    /// Authentication method of enhanced authentication.
    package let authenticationMethod: String?
    /// In a box: most clients have neither TLS nor a proxy.
    private let connectionSecurity: Mutex<Box<ConnectionSecurity>?>
    /// What a plugin host keeps with the client; see `attachment`.
    private let attached = Mutex<(any AnyObject & Sendable)?>(nil)
    /// The address of that, or 0: spares the lock.
    private let attachedAddress = Atomic<UInt>(0)
    /// Subscriptions of its session.
    package let subscriptionCount = Atomic<Int>(0)
    /// Its number as a publisher in the session log; 0 until it has one.
    private let publisherNumber = Atomic<UInt64>(0)

    package init(
        clientIdentifier: String,
        userName: String?,
        peer: PeerAddress,
        listener: ListenerSettings?,
        version: ProtocolVersion,
        keepAliveSeconds: UInt16,
        isCleanStart: Bool,
        isBridge: Bool,
        authenticationMethod: String?,
        security: ConnectionSecurity? = nil,
        proof: IdentityProof = .none
    ) {
        names = Mutex(Names(clientIdentifier: clientIdentifier, userName: userName))
        self.peer = peer
        self.listener = listener
        self.version = version
        self.keepAliveSeconds = keepAliveSeconds
        self.isCleanStart = isCleanStart
        self.isBridge = isBridge
        self.authenticationMethod = authenticationMethod
        connectionSecurity = Mutex(security.map(Box.init))
        self.proof = proof
    }

    /// Whether it is a bridge of this broker, whose access nobody is asked about.
    package var isOwnBridge: Bool { proof == .ownBridge }

    /// The number of the listener it came through; nil for sessions restored without one.
    package var listenerIndex: Int? { listener?.index }

    /// What TLS and a proxy have told of the client, its certificate among it; nil once the
    /// connection has gone.
    package var security: ConnectionSecurity? { connectionSecurity.withLock { $0 }?.value }

    /// Gives back what TLS and a proxy have told; who has taken a copy keeps that.
    package func forgetSecurity() {
        // Freed outside the lock.
        let forgotten = connectionSecurity.withLock { security in
            defer { security = nil }
            return security
        }
        _ = forgotten
    }

    /// The client identifier in force.
    package var clientIdentifier: String { names.withLock { $0.clientIdentifier } }

    /// The user name in force: from CONNECT, a certificate, or a plugin.
    package var userName: String? { names.withLock { $0.userName } }

    /// Replaces the user name.
    package func setUserName(_ name: String?) {
        names.withLock { $0.userName = name }
    }

    /// Replaces the client identifier; of effect only while the client is being authenticated.
    package func setClientIdentifier(_ identifier: String) {
        names.withLock { $0.clientIdentifier = identifier }
    }

    /// Its number as a publisher in the session log.
    func logNumber(_ log: SessionLog) -> SessionNumber {
        let known = publisherNumber.load(ordering: .relaxed)
        if known != 0 { return known }
        let made = log.nextNumber()
        let (isSet, earlier) = publisherNumber.compareExchange(
            expected: 0,
            desired: made,
            ordering: .relaxed
        )
        return isSet ? made : earlier
    }

    /// What the plugin host keeps with the client, made at the first call; lives as long as this.
    package func attachment<Kept: AnyObject & Sendable>(_ make: () -> Kept) -> Kept {
        attached.withLock { attached in
            if let kept = attached as? Kept { return kept }
            let kept = make()
            attached = kept
            let address = UInt(bitPattern: Unmanaged.passUnretained(kept).toOpaque())
            attachedAddress.store(address, ordering: .releasing)
            return kept
        }
    }

    /// Where that is, as long as this lives; nil before the first call.
    package var attachmentAddress: UnsafeRawPointer? {
        UnsafeRawPointer(bitPattern: attachedAddress.load(ordering: .acquiring))
    }

    /// `ID [address:port]`, the form log lines name a client in.
    package var logName: String { "\(clientIdentifier) [\(peer.host):\(peer.port)]" }

    /// `ID [A:P]`, with `, u'U'` behind it if there is a user name.
    var logNameAndUser: String { logName + (userName.map { ", u'\($0)'" } ?? "") }
}
