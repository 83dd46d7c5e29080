// SPDX-License-Identifier: Apache-2.0
// A connection that has ended, as it is remembered.

import JSON
import Net

/// A connection that has ended, and why.
struct Ending: Sendable {
    /// Whose it was.
    let identity: ClientIdentity
    /// What it is counted as.
    let reason: EndReason
    /// What the log says of it; nil for an orderly end.
    let text: String?
    /// When it ended, and when its client had come in, in milliseconds and seconds of the reactor
    /// clock; nil for one that was never let in.
    let endedAt: Int64
    let attachedAt: Int64?

    /// Adds what an answer says of it.
    func add(to entry: inout JSONMembers, _ clock: WallClock) {
        entry.add("ended", Timestamp.text(clock.second(at: endedAt)))
        entry.add("reason", reason.label)
        entry.add("text", text)
        if let attachedAt {
            entry.add("connected-since", Timestamp.text(clock.second(at: attachedAt * 1000)))
        }
        entry.add("address", identity.peer.host)
        if case .unix = identity.peer {} else { entry.add("port", Int(identity.peer.port)) }
        entry.add("listener", identity.listener?.logName)
    }

    /// The entry of a list of connections, the last of which comes first.
    func row(_ clock: WallClock) -> ListRow {
        let name = identity.clientIdentifier
        let userName = identity.userName
        var entry = JSONMembers()
        entry.add("clientid", name)
        entry.add("state", "closed")
        entry.add("username", userName)
        add(to: &entry, clock)
        return ListRow(
            key: RowKey(rank: -endedAt, name),
            report: entry.object,
            byteCount: 1000 + 6 * (name.utf8.count + (userName?.utf8.count ?? 0))
        )
    }
}
