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
    private var entry = JSONMembers()

    init(_ session: Session, _ clock: WallClock) {
        self.session = session
        self.clock = clock
    }

    /// The entry of a list.
    func row(_ key: RowKey) -> ListRow {
        let names = key.name.utf8.count + (session.identity.userName?.utf8.count ?? 0)
        return ListRow(
            key: key,
            report: members.object,
            // Each byte takes six at worst, as an escape.
            byteCount: 1000 + 6 * (names + (session.will?.topic.count ?? 0))
        )
    }

    /// All of it.
    var members: JSONMembers {
        var report = self
        report.addIdentity()
        report.addConnection()
        report.addTimes()
        report.addMessages()
        return report.entry
    }

    private mutating func addIdentity() {
        let identity = session.identity
        entry.add("clientid", identity.clientIdentifier)
        entry.add("state", session.peer == nil ? "offline" : "connected")
        entry.add("username", identity.userName)
        if identity.isBridge || identity.isOwnBridge { entry.add("bridge", true) }
    }

    private mutating func addConnection() {
        let identity = session.identity
        entry.add("address", identity.peer.host)
        if case .unix = identity.peer {} else { entry.add("port", Int(identity.peer.port)) }
        if let listener = identity.listener {
            entry.add("listener", listener.logName)
            entry.add("transport", Self.transport(identity, listener))
        }
        if let security = identity.security, security.version != nil {
            var tls = JSONMembers()
            tls.add("version", security.version)
            tls.add("cipher", security.cipher)
            tls.add("certificate-name", security.certificate?.commonName)
            tls.add("psk-identity", security.pskIdentity)
            entry.add("tls", tls.object)
        }
        entry.add("protocol-version", Self.version(identity.version))
        entry.add("keep-alive", Int(identity.keepAliveSeconds))
        entry.add("clean-start", identity.isCleanStart)
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
            entry.add("connected-since", time(session.attachedAt * 1000))
            entry.add("last-packet", time(peer.lastPacketAt * 1000))
        } else {
            entry.add("disconnected-since", session.detachedAt.map(time))
            let expiry = session.deadlines.expiresAt
            if expiry != 0 { entry.add("expires-at", time(expiry)) }
        }
        if session.expiryInterval != .max {
            entry.add("session-expiry", Int(session.expiryInterval))
        }
    }

    /// A millisecond of the reactor clock as answers have it.
    private func time(_ milliseconds: Int64) -> String {
        Timestamp.text(clock.second(at: milliseconds))
    }

    private mutating func addMessages() {
        entry.add("subscriptions", session.subscriptions.count)
        entry.add("in-flight", session.outgoing.window.inFlightCount)
        entry.add("incoming", session.incomingCount)
        entry.add("queued", session.outgoing.window.queuedCount)
        entry.add("queued-bytes", session.outgoing.window.queuedByteCount)
        entry.add("dropped", Int(session.droppedCount))
        if let will = session.will {
            var told = JSONMembers()
            told.add("topic", will.topic)
            told.add("qos", Int(will.qos))
            told.add("retain", will.isRetained)
            told.add("bytes", will.payload.count)
            if will.delayInterval > 0 { told.add("delay", Int(will.delayInterval)) }
            entry.add("will", told.object)
        }
    }
}
