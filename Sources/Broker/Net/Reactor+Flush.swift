// SPDX-License-Identifier: Apache-2.0
// At the end of a turn: what has been collected for each connection is written.

extension Reactor {
    /// So few are written to without a look at the clock.
    private static let flushedAtOnce = 8
    /// Between two looks: connections and bytes.
    private static let flushedBetween = 32
    private static let bytesBetween = 128 << 10

    /// Whether output waits that a turn had no time for.
    var hasUnflushed: Bool { !touchedConnections.isEmpty || !lateConnections.isEmpty }

    /// Writes each touched connection once, as many as fit into a slice; then those that are late.
    ///
    /// Few are touched in most turns, and none is late. Where a message goes to thousands, whoever
    /// else gets something in one of the next turns does not wait for all of them.
    func flushTouched() {
        if !touchedConnections.isEmpty {
            // What is touched meanwhile comes in the next turn.
            swap(&touchedConnections, &flushedConnections)
            let count = flush(flushedConnections)
            if count < flushedConnections.count {
                lateConnections += flushedConnections[count...]
            }
            flushedConnections.removeAll(keepingCapacity: count <= Self.touchedKept)
        }
        guard !lateConnections.isEmpty else { return }
        lateConnections.removeFirst(flush(lateConnections))
    }

    /// Returns how many were written to.
    private func flush(_ connections: [Connection]) -> Int {
        if connections.count <= Self.flushedAtOnce {
            for connection in connections { connection.flushTouched() }
            return connections.count
        }
        let began = nanoseconds()
        var count = 0
        var bytes = 0
        var next = Self.flushedBetween
        while count < connections.count {
            bytes += connections[count].queuedByteCount
            connections[count].flushTouched()
            count += 1
            guard count >= next || bytes >= Self.bytesBetween else { continue }
            if isSliceUsed(since: began) { break }
            next = count + Self.flushedBetween
            bytes = 0
        }
        return count
    }
}
