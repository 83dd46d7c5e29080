// SPDX-License-Identifier: Apache-2.0
// What a worker and its sessions have, looked at when somebody asks.

import Inflight
import MQTT
import Net

/// What a worker had when its sessions were looked at last.
struct WorkerFigures: Sendable, Equatable {
    /// Clients that are inside, by protocol version: 3.1, 3.1.1, 5.0.
    var connected = [0, 0, 0]
    /// Sessions without a client.
    var offlineCount = 0
    /// Clients whose sockets take no more at the moment.
    var slowCount = 0
    /// Clients that are not read from because others have to catch up.
    var parkedCount = 0
    /// Connections of every kind.
    var connectionCount = 0
    /// Control packets that wait for their sockets, and their bytes.
    var packetsWaiting = 0
    var bytesWaiting = 0
    /// Messages that were never sent to their session's client, and the bytes of their payloads.
    var queuedCount = 0
    var queuedByteCount = 0
    /// QoS 1 and 2 messages that await an answer of a client, or their release by it.
    var outgoingCount = 0
    var incomingCount = 0
    /// Wills of clients that have left which are still to be published.
    var pendingWillCount = 0

    /// The place of a version in `connected`.
    static func index(of version: ProtocolVersion) -> Int {
        switch version {
        case .v31: 0
        case .v311: 1
        case .v5: 2
        }
    }

    /// The versions in the order of `connected`, as labels.
    static let versions = ["3.1", "3.1.1", "5.0"]

    static func += (sum: inout WorkerFigures, more: WorkerFigures) {
        for index in sum.connected.indices { sum.connected[index] += more.connected[index] }
        sum.offlineCount += more.offlineCount
        sum.slowCount += more.slowCount
        sum.parkedCount += more.parkedCount
        sum.connectionCount += more.connectionCount
        sum.packetsWaiting += more.packetsWaiting
        sum.bytesWaiting += more.bytesWaiting
        sum.queuedCount += more.queuedCount
        sum.queuedByteCount += more.queuedByteCount
        sum.outgoingCount += more.outgoingCount
        sum.incomingCount += more.incomingCount
        sum.pendingWillCount += more.pendingWillCount
    }

    /// Adds what one session has.
    mutating func add(_ session: Session) {
        queuedCount += session.outgoing.window.queuedCount
        queuedByteCount += session.outgoing.window.queuedByteCount
        outgoingCount += session.outgoing.window.inFlightCount
        incomingCount += session.incomingCount
        guard let peer = session.peer else {
            offlineCount += 1
            if session.deadlines.willDueAt != 0 { pendingWillCount += 1 }
            return
        }
        connected[Self.index(of: peer.version)] += 1
        if peer.connection?.isOutputBlocked == true { slowCount += 1 }
    }
}
