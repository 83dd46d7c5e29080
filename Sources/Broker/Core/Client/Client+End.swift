// SPDX-License-Identifier: Apache-2.0
// How a connection ends.

import Net
import Log
import Config
import MQTT
import Topics

extension Client {
    /// A packet was malformed or forbidden: one log line, the specified answer, close.
    func fail(_ error: PacketError) {
        worker.flushRun()
        guard stage != .ended else { return }
        log.info("Protocol error from \(logName): \(error.detail).")
        finish(.violation(error))
    }

    /// Ends the connection and, as far as that follows, the session. Called once; later calls have
    /// no effect.
    func finish(_ end: ClientEnd) {
        guard stage != .ended else { return }
        worker.flushRun()
        let wasConnected = stage == .connected
        stage = .ended
        logEnd(end)
        if let connection = releaseConnection() {
            if wasConnected, isV5, let reason = end.disconnectReason {
                connection.write([0xE0, 0x01, reason.rawValue])
                worker.counters.sent.add(.disconnect)
                worker.counters.bytesSent.add(3)
            }
            connection.close()
        }
        worker.broker.census.removeSocket()
        listener.load.leave()
        if let session {
            self.session = nil
            if session.client === self { worker.leave(session, end) }
        }
    }

    private func logEnd(_ end: ClientEnd) {
        guard worker.settings.configuration.connectionMessages, log.isEnabled(.notice) else {
            return
        }
        guard let peer = identity?.peer ?? connection?.peer else { return }
        let name = "\(logName) [\(peer.host):\(peer.port)]"
        if let text = end.text {
            log.notice("Client \(name) disconnected: \(text).")
        } else {
            log.notice("Client \(name) disconnected.")
        }
    }
}
