// SPDX-License-Identifier: Apache-2.0
// How a connection ends.

import Config
import Log
import MQTT
import Net
import Topics

extension Client {
    /// A packet was malformed or forbidden: one log line, the specified answer, close.
    func fail(_ error: PacketError) {
        worker.deliverCollected()
        guard stage != .ended else { return }
        log.info("Protocol error from \(logName): \(error.detail).")
        finish(.violation(error))
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
        let wasConnected = stage == .connected || stage == .exchanging
        // One that leaves before it is decided about was never a client to anybody.
        let wasRefused = stage == .authenticating && openQuestion == nil
        stage = .ended
        if let openQuestion { worker.forget(openQuestion) }
        openQuestion = nil
        logEnd(end)
        // The places of the client are free before its peer can see the connection close.
        defer { close(wasConnected && isV5 ? end.disconnectReason : nil) }
        worker.broker.census.removeSocket()
        listener.load.leave()
        if let session {
            self.session = nil
            if session.client === self { worker.leave(session, end) }
        } else if wasRefused, let identity, identity.authenticationMethod == nil {
            // Clients refused by basic authentication are reported although they never connected.
            worker.tellDisconnected(identity, code: end.code, isOffline: false)
        }
    }

    private func close(_ reason: ReasonCode?) {
        guard let connection = releaseConnection() else { return }
        worker.sendOutboxes()
        if let reason {
            connection.write([0xE0, 0x01, reason.rawValue])
            counters.sent.add(.disconnect)
            counters.bytesSent.add(3)
        }
        connection.close()
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
