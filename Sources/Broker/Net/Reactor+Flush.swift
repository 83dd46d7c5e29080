// SPDX-License-Identifier: Apache-2.0
// At the end of a turn: what has been collected for each connection is written.

extension Reactor {
    /// Connections that are written to before the clock is asked for the first time.
    private static let flushedAtOnce = 128
    /// And between two times.
    private static let flushedBetween = 16

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
        var count = 0
        var began: Int64 = 0
        while count < connections.count {
            connections[count].flushTouched()
            count += 1
            guard count >= Self.flushedAtOnce, count.isMultiple(of: Self.flushedBetween) else {
                continue
            }
            if began == 0 {
                began = Clock.monotonicNanoseconds()
            } else if isSliceUsed(since: began) {
                break
            }
        }
        return count
    }
}
