// SPDX-License-Identifier: Apache-2.0
// What log lines say of clients, connections and listeners, for programs.

import Config
import Log
import Net

extension ClientIdentity {
    /// What a log line about this client says of it.
    func logFields(_ kind: LogLineKind? = nil, reason: String? = nil) -> LogFields {
        var fields = peer.logFields(kind, at: listener, reason: reason)
        fields.clientIdentifier = clientIdentifier
        fields.userName = userName
        return fields
    }

    /// The same about something refused.
    func logFields(_ kind: LogLineKind, _ denial: Denial?, topic: String? = nil) -> LogFields {
        var fields = logFields(kind, reason: denial?.words)
        fields.plugin = denial?.plugin
        fields.topic = topic
        return fields
    }
}

extension PeerAddress {
    /// What a log line about a connection says of it.
    func logFields(
        _ kind: LogLineKind?,
        at listener: ListenerSettings?,
        reason: String? = nil
    ) -> LogFields {
        var fields = LogFields(kind, reason: reason)
        fields.address = host
        if case .unix = self {} else { fields.port = Int(port) }
        fields.listener = listener?.logName
        return fields
    }
}

extension ListenerSettings {
    /// The port, or the path of the Unix socket.
    var logName: String { configuration.unixSocketPath ?? String(configuration.port) }
}
