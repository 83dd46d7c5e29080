// SPDX-License-Identifier: Apache-2.0
// How a connection ends.

import Config
import Log
import MQTT
package import Net
import Results
import Topics

extension Client {
    /// A packet was malformed or forbidden: one log line, the specified answer, close.
    ///
    /// `type`: of the packet, where that is known.
    func fail(_ error: PacketError, in type: PacketType? = nil) {
        worker.deliverCollected()
        guard stage != .ended else { return }
        if !error.isOutOfMemory { counters.violations.add(Int(type?.rawValue ?? 0)) }
        log.info(
            "Protocol error from \(logName): \(error.detail).",
            logFields(.protocolError, reason: "\(error.detail)")
        )
        finish(.violation(error))
    }

    /// Ends the client as if the packet there is no memory for had come as a whole.
    package func connectionLacksMemory(_ connection: Connection) {
        switch stage {
        case .connected, .exchanging: fail(.outOfMemory(version))
        default: finish(.refused("out of memory", code: ResultCode.noMemory))
        }
    }

    /// Ends the connection and, as far as that follows, the session.
    ///
    /// Takes effect once.
    ///
    /// A lost connection whose last messages plugins have yet to decide about ends after them.
    func conclude(_ end: ClientEnd, isConnectionLost: Bool) {
        guard stage != .ended else { return }
        worker.deliverCollected()
        guard stage != .ended else { return }
        if isConnectionLost, undecidedCount > 0, stage == .connected {
            postponedEnd = end
            _ = releaseConnection()
            session?.closeOutlet()
            return
        }
        let farewell = farewell(end)
        let reason = EndReason(end, isEarly: stage == .awaitingConnect)
        counters.end(reason)
        remember(end, reason)
        noteLoginEnd(.abandoned)
        // One that leaves before it is decided about was never a client to anybody.
        let wasRefused = stage == .authenticating && openQuestion == nil
        let isProbe = isProbe(end)
        stage = .ended
        if let openQuestion { worker.forget(openQuestion) }
        openQuestion = nil
        pendingConnect = nil
        // What was held is forgotten with the connection.
        heldAnswers = HeldAnswers()
        heldEntry = nil
        if !isProbe { announceOpening(.notice) }
        logEnd(end, isProbe ? .debug : .notice)
        // The places of the client are free before its peer can see the connection close.
        defer { close(farewell) }
        worker.broker.census.removeSocket()
        listener.load.leave()
        if let session {
            self.session = nil
            if session.peer === self { worker.leave(session, end) }
        } else if wasRefused, let identity, identity.authenticationMethod == nil {
            // Clients refused by basic authentication are reported although they never connected.
            worker.tellDisconnected(identity, code: end.code, isOffline: false)
        }
        if let identity { worker.forgetSecurity(of: identity) }
    }

    /// Keeps in mind why the connection has ended, for those who ask later.
    private func remember(_ end: ClientEnd, _ reason: EndReason) {
        guard let identity else { return }
        worker.endings.add(
            Ending(
                identity: identity,
                reason: reason,
                text: end.textWithoutStop ?? end.text,
                endedAt: worker.reactor.now,
                attachedAt: session?.attachedAt
            )
        )
    }

    /// The last packet a client is sent.
    private enum Farewell {
        case disconnect(ReasonCode)
        /// Before the broker's CONNACK no DISCONNECT may come [MQTT-3.14.0-1].
        case connack([UInt8])
    }

    /// What tells the client how its connection ends; nil when nothing does or it was told already.
    private func farewell(_ end: ClientEnd) -> Farewell? {
        switch stage {
        case .connected: isV5 ? end.disconnectReason.map { .disconnect($0) } : nil
        case .exchanging: end.connackReason.map { refusal(nil, $0) }
        case .authenticating where end.isTimeout: refusal(.notAuthorized, .notAuthorized)
        // The disk has not taken in time what CONNACK promises: as when it cannot be written.
        case .entering where end.isTimeout: refusal(.serverUnavailable, .serverUnavailable)
        default: nil
        }
    }

    /// The CONNACK that refuses, in the client's version.
    ///
    /// - Parameter v3: nil where no client of 3.x gets to, as in an exchange
    private func refusal(_ v3: ConnectReturnCode?, _ v5: ReasonCode) -> Farewell {
        var bytes: [UInt8] = []
        if let v3, !isV5 {
            bytes.appendConnack(v3)
        } else {
            assert(isV5, "3.x clients have no exchange")
            bytes.appendConnack(ConnackPacket(reasonCode: v5), version: .v5)
        }
        return .connack(bytes)
    }

    // [MQTT-3.14.2-1] [MQTT-3.14.2-2] [MQTT-3.14.2-3] [MQTT-3.14.2-4] [MQTT-3.14.4-1]
    // [MQTT-3.14.4-2] [MQTT-4.13.2-1]
    private func close(_ farewell: Farewell?) {
        guard let connection = releaseConnection() else { return }
        worker.sendOutboxes()
        switch farewell {
        case .disconnect(let reason):
            var packet: [UInt8] = []
            packet.appendDisconnect(reason, version: .v5)
            connection.write(packet)
            counters.sent.add(.disconnect)
            counters.bytesSent.add(packet.count)
        case .connack(let packet) where packet.count > packetSizeMax: break
        case .connack(let packet):
            connection.write(packet)
            counters.sent.add(.connack)
            counters.bytesSent.add(packet.count)
        case nil: break
        }
        connection.closeInTurn()
    }

    private func logEnd(_ end: ClientEnd, _ level: LogTypes) {
        guard worker.settings.configuration.connectionMessages, log.isEnabled(level) else { return }
        if level == .debug { announceOpening(level) }
        guard let peer = identity?.peer ?? connection?.peer else { return }
        if let line = end.line {
            guard var text = line(peer) else { return }
            if end.lineKind == .tlsFailed {
                let reason = end.isReasonNew ? end.text.map { "Reason: \($0), from" } : nil
                text += " \(reason ?? "From") \(peer.host):\(peer.port)"
                text += " on port \(listener.logName)."
            }
            return log.notice(text, logFields(end.lineKind, reason: end.text))
        }
        let name = "\(logName) [\(peer.host):\(peer.port)]"
        let reason = end.textWithoutStop ?? end.text
        let ending =
            if let text = end.textWithoutStop {
                ": \(text)"
            } else if let text = end.text {
                ": \(text)."
            } else {
                "."
            }
        log.write(
            level,
            "Client \(name) disconnected\(ending)",
            logFields(.clientDisconnected, reason: reason)
        )
    }
}

extension Worker {
    /// A connection has ended: what it alone needed is given back when plugins have been told.
    func forgetSecurity(of identity: ClientIdentity) {
        guard let security = identity.security else { return }
        let isAskedFor = security.certificate != nil || security.channelBinding != nil
        guard isAskedFor, let hooks else { return identity.forgetSecurity() }
        hooks.forgetSecurity(of: identity, by: index)
    }
}
