// SPDX-License-Identifier: Apache-2.0
// The outgoing connections of a reactor that are not open yet.

/// Outgoing connections on their way.
///
/// Invariant: `dueAt` is no later than the deadline of any of them.
final class OutgoingTable {
    /// Where answers of the resolver come back to.
    let inbox: LookupInbox
    /// When `proceed` must be called, in milliseconds of the reactor's clock; `.max`: never.
    private(set) var dueAt = Int64.max
    private var connections: [UInt64: OutgoingConnection] = [:]
    private var lastNumber: UInt64 = 0

    init(_ waker: Waker) { inbox = LookupInbox(waker) }

    /// The number of the next one.
    func nextNumber() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    func add(_ connection: OutgoingConnection) {
        assert(connections[connection.number] == nil, "numbers are given once")
        connections[connection.number] = connection
        note(deadline: connection.deadline)
    }

    func remove(_ connection: OutgoingConnection) {
        connections[connection.number] = nil
    }

    /// One of them has something to do at this time.
    func note(deadline: Int64) { dueAt = min(dueAt, deadline) }

    /// Hands out the answers of the resolver.
    func takeAnswers() {
        for outcome in inbox.takeAll() { connections[outcome.number]?.found(outcome.result) }
    }

    /// Lets those go on whose time has come.
    func proceed(at now: Int64) {
        dueAt = .max
        for connection in Array(connections.values) where connection.deadline <= now {
            connection.proceed()
        }
        dueAt = connections.values.reduce(.max) { min($0, $1.deadline) }
    }

    /// Gives up all.
    func cancelAll() {
        for connection in Array(connections.values) { connection.cancel() }
        connections = [:]
    }
}
