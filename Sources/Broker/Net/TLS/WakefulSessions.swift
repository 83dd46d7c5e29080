// SPDX-License-Identifier: Apache-2.0
// Which TLS connections of a reactor are awake, and when they fall asleep.

/// The TLS connections of one reactor that have been used lately.
///
/// Twice a second it looks who has not been used since the last time and lets them sleep. While all are
/// asleep there is nothing to wait for.
final class WakefulSessions {
    static let interval: Int64 = 500
    /// Sessions that are looked at in one turn: sleeping takes some microseconds each, which
    /// thousands at once would add to somebody's delay.
    private static let sliceMax = 32

    private var sessions: [TLSSession] = []
    /// Of the round under way, those that have not been looked at, counted from the front.
    private var left = 0
    /// When the next round begins, in milliseconds; nil while all are asleep.
    private(set) var dueAt: Int64?

    /// Connections that are awake.
    var count: Int { sessions.count }

    /// Takes a session in.
    func insert(_ session: TLSSession) {
        session.wakefulIndex = sessions.count
        sessions.append(session)
    }

    /// Leaves a session alone that ends or moves to another reactor.
    func remove(_ session: TLSSession) {
        guard let index = session.wakefulIndex else { return }
        session.wakefulIndex = nil
        // Nobody may be moved to where this round has not been yet, unless he comes from there.
        var hole = index
        if index < left {
            left -= 1
            move(from: left, to: index)
            hole = left
        }
        move(from: sessions.count - 1, to: hole)
        sessions.removeLast()
    }

    private func move(from source: Int, to target: Int) {
        guard source != target else { return }
        sessions[target] = sessions[source]
        sessions[target].wakefulIndex = target
    }

    /// Lets those sleep who have been idle, some of them in this turn; `now` in milliseconds.
    func turnEnding(at now: Int64) {
        guard !sessions.isEmpty else {
            dueAt = nil
            return
        }
        guard let dueAt else {
            dueAt = now + Self.interval
            return
        }
        guard now >= dueAt else { return }
        if left == 0 { left = sessions.count }
        for _ in 0..<min(left, Self.sliceMax) {
            let session = sessions[left - 1]
            if session.rest() { remove(session) } else { left -= 1 }
        }
        if left == 0 { self.dueAt = sessions.isEmpty ? nil : now + Self.interval }
    }
}
