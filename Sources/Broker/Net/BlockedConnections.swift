// SPDX-License-Identifier: Apache-2.0
// Which connections of a reactor wait for their sockets.

/// The connections of one reactor whose sockets have refused more bytes.
///
/// Between two turns no other connection has output, so whoever wants to know how much waits looks
/// at these, however many connections there are. Invariant: each knows its place here.
struct BlockedConnections {
    private var connections: [Connection] = []

    /// Takes a connection in.
    mutating func insert(_ connection: Connection) {
        assert(connection.blockedIndex == nil)
        connection.blockedIndex = connections.count
        connections.append(connection)
    }

    /// Leaves a connection alone, if it is here.
    mutating func remove(_ connection: Connection) {
        guard let index = connection.blockedIndex else { return }
        assert(connections[index] === connection)
        connection.blockedIndex = nil
        let last = connections.removeLast()
        guard last !== connection else { return }
        connections[index] = last
        last.blockedIndex = index
    }

    /// What waits for the sockets, units and bytes; bytes that do not count are left out.
    var waiting: (units: Int, bytes: Int) {
        connections.reduce(into: (0, 0)) { sum, connection in
            guard connection.queuedPacketCount > 0 else { return }
            sum.0 += connection.queuedPacketCount
            sum.1 += connection.queuedByteCount
        }
    }
}
