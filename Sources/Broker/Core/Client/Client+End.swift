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
        log.info("Protocol error from \(logName): \(error.detail).")
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
    /// Called once; later calls have no effect.
    ///
    /// A lost connection whose last messages plugins have yet to decide about ends after them.
    func finish(_ end: ClientEnd, isConnectionLost: Bool = false) {
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
        counters.end(EndReason(end, isEarly: stage == .awaitingConnect))
        noteLoginEnd(.abandoned)
        // One that leaves before it is decided about was never a client to anybody.
        let wasRefused = stage == .authenticating && openQuestion == nil
        stage = .ended
        if let openQuestion { worker.forget(openQuestion) }
        openQuestion = nil
        pendingConnect = nil
        // What was held is forgotten with the connection.
        heldAnswers = HeldAnswers()
        heldEntry = nil
        logEnd(end)
        // The places of the client are free before its peer can see the connection close.
        defer { close(farewell) }
        worker.broker.census.removeSocket()
        listener.load.leave()
        if let session {
            self.session = nil
            if session.client === self { worker.leave(session, end) }
        } else if wasRefused, let identity, identity.authenticationMethod == nil {
            // Clients refused by basic authentication are reported although they never connected.
            worker.tellDisconnected(identity, code: end.code, isOffline: false)
        }
        if let identity { worker.forgetSecurity(of: identity) }
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
        case .exchanging:
            end.connackReason.map { reason in
                assert(isV5, "3.x clients have no exchange")
                var bytes: [UInt8] = []
                bytes.appendConnack(ConnackPacket(reasonCode: reason), version: .v5)
                return .connack(bytes)
            }
        case .authenticating where end.isTimeout && !isV5: .connack([0x20, 0x02, 0x00, 5])
        case .authenticating where end.isTimeout:
            .connack([0x20, 0x03, 0x00, ReasonCode.notAuthorized.rawValue, 0x00])
        // The disk has not taken in time what CONNACK promises: as when it cannot be written.
        case .entering where end.isTimeout && !isV5: .connack([0x20, 0x02, 0x00, 3])
        case .entering where end.isTimeout:
            .connack([0x20, 0x03, 0x00, ReasonCode.serverUnavailable.rawValue, 0x00])
        default: nil
        }
    }

    // [MQTT-3.14.2-1] [MQTT-3.14.2-2] [MQTT-3.14.2-3] [MQTT-3.14.2-4] [MQTT-3.14.4-1]
    // [MQTT-3.14.4-2] [MQTT-4.13.2-1]
    private func close(_ farewell: Farewell?) {
        guard let connection = releaseConnection() else { return }
        worker.sendOutboxes()
        switch farewell {
        case .disconnect(let reason):
            connection.write([0xE0, 0x01, reason.rawValue])
            counters.sent.add(.disconnect)
            counters.bytesSent.add(3)
        case .connack(let packet) where packet.count > packetSizeMax: break
        case .connack(let packet):
            connection.write(packet)
            counters.sent.add(.connack)
            counters.bytesSent.add(packet.count)
        case nil: break
        }
        connection.closeInTurn()
    }

    private func logEnd(_ end: ClientEnd) {
        guard worker.settings.configuration.connectionMessages, log.isEnabled(.notice) else {
            return
        }
        guard let peer = identity?.peer ?? connection?.peer else { return }
        if let line = end.line {
            if let text = line(peer) { log.notice(text) }
            return
        }
        let name = "\(logName) [\(peer.host):\(peer.port)]"
        if let text = end.textWithoutStop {
            log.notice("Client \(name) disconnected: \(text)")
        } else if let text = end.text {
            log.notice("Client \(name) disconnected: \(text).")
        } else {
            log.notice("Client \(name) disconnected.")
        }
    }
}

extension Worker {
    /// A connection has ended: what it alone needed is given back when plugins have been told.
    func forgetSecurity(of identity: ClientIdentity) {
        guard let security = identity.security else { return }
        let isAskedFor = security.certificate != nil || security.channelBinding != nil
        guard isAskedFor, let hooks else { return identity.forgetSecurity() }
        hooks.forgetSecurity(of: identity)
    }
}
