// SPDX-License-Identifier: Apache-2.0
// What is said of a client.

import Config
import Inflight
import JSON
import MQTT
import Net

/// What is said of a session and its client, on its thread.
struct ClientReport {
    private let session: Session
    private let clock: WallClock
    private var members = JSONMembers()

    init(_ session: Session, _ clock: WallClock) {
        self.session = session
        self.clock = clock
    }

    /// The entry of a list.
    func row(_ key: RowKey) -> ListRow {
        let names = key.name.utf8.count + (session.identity.userName?.utf8.count ?? 0)
        return ListRow(
            key: key,
            report: value,
            // Each byte takes six at worst, as an escape.
            byteCount: 1000 + 6 * (names + (session.will?.topic.count ?? 0))
        )
    }

    /// All of it.
    var value: JSONValue {
        var report = self
        report.addIdentity()
        report.addConnection()
        report.addTimes()
        report.addMessages()
        return report.members.object
    }

    private mutating func addIdentity() {
        let identity = session.identity
        members.add("clientid", identity.clientIdentifier)
        members.add("state", session.peer == nil ? "offline" : "connected")
        members.add("username", identity.userName)
        if identity.isBridge || identity.isOwnBridge { members.add("bridge", true) }
    }

    private mutating func addConnection() {
        let identity = session.identity
        members.add("address", identity.peer.host)
        if case .unix = identity.peer {} else { members.add("port", Int(identity.peer.port)) }
        if let listener = identity.listener {
            members.add("listener", listener.logName)
            members.add("transport", Self.transport(identity, listener))
        }
        if let security = identity.security, security.version != nil {
            var tls = JSONMembers()
            tls.add("version", security.version)
            tls.add("cipher", security.cipher)
            tls.add("certificate-name", security.certificate?.commonName)
            tls.add("psk-identity", security.pskIdentity)
            members.add("tls", tls.object)
        }
        members.add("protocol-version", Self.version(identity.version))
        members.add("keep-alive", Int(identity.keepAliveSeconds))
        members.add("clean-start", identity.isCleanStart)
    }

    /// What carries its packets.
    private static func transport(
        _ identity: ClientIdentity,
        _ listener: ListenerSettings
    ) -> String {
        if listener.configuration.protocol == .websockets { return "websockets" }
        if case .unix = identity.peer { return "unix" }
        return "tcp"
    }

    private static func version(_ version: ProtocolVersion) -> String {
        WorkerFigures.versions[WorkerFigures.index(of: version)]
    }

    private mutating func addTimes() {
        if let peer = session.peer {
            members.add("connected-since", time(session.attachedAt * 1000))
            members.add("last-packet", time(peer.lastPacketAt * 1000))
        } else {
            members.add("disconnected-since", session.detachedAt.map(time))
            let expiry = session.deadlines.expiresAt
            if expiry != 0 { members.add("expires-at", time(expiry)) }
        }
        if session.expiryInterval != .max {
            members.add("session-expiry", Int(session.expiryInterval))
        }
    }

    /// A millisecond of the reactor clock as answers have it.
    private func time(_ milliseconds: Int64) -> String {
        Timestamp.text(clock.second(at: milliseconds))
    }

    private mutating func addMessages() {
        members.add("subscriptions", session.subscriptions.count)
        members.add("in-flight", session.outgoing.window.inFlightCount)
        members.add("incoming", session.incomingCount)
        members.add("queued", session.outgoing.window.queuedCount)
        members.add("queued-bytes", session.outgoing.window.queuedByteCount)
        members.add("dropped", Int(session.droppedCount))
        if let will = session.will {
            var entry = JSONMembers()
            entry.add("topic", will.topic)
            entry.add("qos", Int(will.qos))
            entry.add("retain", will.isRetained)
            entry.add("bytes", will.payload.count)
            if will.delayInterval > 0 { entry.add("delay", Int(will.delayInterval)) }
            members.add("will", entry.object)
        }
    }
}
