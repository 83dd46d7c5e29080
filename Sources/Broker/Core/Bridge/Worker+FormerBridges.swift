// SPDX-License-Identifier: Apache-2.0
// Sessions of bridges that a restart finds no bridge for.

import Inflight
import Log
import Net

extension Worker {
    /// Says what becomes of a session that was a bridge's before the broker was started anew, and that no
    /// bridge of the configuration has.
    func logFormerBridge(of session: Session) {
        guard let name = bridges.name(of: session.handle) else { return }
        let identifier = session.identity.clientIdentifier
        let count = session.outgoing.window.count
        let end = session.deadlines.expiresAt
        let fate =
            if !session.isPersistent {
                "ends"
            } else if end == 0 {
                "is kept, and never ends (persistent_client_expiration is not set)"
            } else if end <= reactor.now {
                "ends, its time is over"
            } else {
                "is kept for another \((end - reactor.now + 999) / 1000) s"
            }
        log.notice(
            "Bridge \(name) is not configured any more: its session \(identifier) with \(count) messages"
                + " \(fate)."
        )
    }
}
