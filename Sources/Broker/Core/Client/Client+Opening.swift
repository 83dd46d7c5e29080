// SPDX-License-Identifier: Apache-2.0
// The line about a new connection, and those that nobody sends anything over.

import Config
import Log
import Net

extension Client {
    /// Logs that the connection was opened, once; where its first byte has come, or when it ends.
    func announceOpening(_ level: LogTypes) {
        guard let port = unannouncedPort else { return }
        unannouncedPort = nil
        guard let peer = connection?.peer else { return }
        log.write(
            level,
            "New connection from \(peer.host):\(peer.port) on port \(port).",
            peer.logFields(.connectionOpened, at: listener)
        )
    }

    /// Whether a connection ends that its peer has opened and closed without a byte, as probes of health
    /// do: every few seconds, for ever.
    func isProbe(_ end: ClientEnd) -> Bool {
        guard stage == .awaitingConnect, end.isClosedByPeer, let connection else { return false }
        // Behind a proxy the line is not written; with its header read layers may be gone.
        return (unannouncedPort != nil || connection.isLayered) && connection.isUntouched
    }
}
