// SPDX-License-Identifier: Apache-2.0
// A worker looks for the sessions that a list begins with.

import Glibc
import JSON
import Topics

/// One entry of a list of clients.
struct ClientRow: Sendable {
    let key: ClientKey
    let report: JSONValue
    /// About how many bytes it takes.
    let byteCount: Int
}

/// What one worker has for a page of a list.
struct ClientsPart: Sendable {
    /// Its sessions that are meant, on whatever page.
    var total = 0
    /// Its first ones of the page, in order.
    var rows: [ClientRow] = []
    /// Whether there are more behind them.
    var hasMore = false
}

/// A worker looks at all its sessions, some in each step, and then reports on the first ones.
///
/// Sessions that come and go meanwhile are seen or not; those that stay are seen once, as each has its
/// slot for as long as it lives.
final class ClientsWalk {
    /// Sessions looked at, and reported on, between two looks at the clock.
    private static let stepMax: UInt32 = 256
    private static let reportedMax = 16

    private let query: ClientQuery
    private var top: TopRows<ClientKey, SessionHandle>
    private var slot: UInt32 = 0
    private var part = ClientsPart()
    /// Those that are to be reported on, the next one last; nil while they are looked for.
    private var chosen: [(key: ClientKey, value: SessionHandle)]?
    /// What `fetch` has come upon, so that it has a use.
    private var fetched: Int64 = 0
    /// Whether all are meant.
    private let includesAll: Bool
    /// The key of the last one in `top` when that is full; until then greater than any.
    private var boundRank = Int64.max
    private var boundIdentifier: [UInt8] = []

    init(_ query: ClientQuery) {
        self.query = query
        includesAll = query.filter.isEmpty
        top = TopRows(limit: query.count)
    }

    /// Does a piece of the work; whether it is done.
    func step(_ worker: Worker) -> ClientsPart? {
        guard chosen != nil else {
            if look(worker.sessions) { chosen = top.sorted.reversed() }
            return nil
        }
        let clock = WallClock(worker.reactor)
        for _ in 0..<Self.reportedMax {
            guard let next = chosen?.popLast() else { return part }
            guard let session = worker.sessions[next.value] else { continue }
            part.rows.append(ClientReport(session, clock).row(next.key))
        }
        return nil
    }

    /// Looks at the next sessions; whether those were all.
    private func look(_ sessions: UnsafeSessionTable) -> Bool {
        let end = min(sessions.slotEnd, slot + Self.stepMax)
        fetch(slot..<max(slot, end), of: sessions)
        while slot < end {
            sessions.withSession(in: slot) { session, identifier in
                let isMeant =
                    includesAll
                    || session._withUnsafeGuaranteedRef { query.filter.includes($0, identifier) }
                guard isMeant else { return }
                part.total += 1
                consider(session, identifier)
            }
            slot += 1
        }
        return slot >= sessions.slotEnd
    }

    /// Has the processor fetch what will be looked at of some sessions.
    ///
    /// Nearly all the time goes by in waiting for memory. In so small a loop the processor does not wait
    /// for one session before it asks for the next, which makes a walk three times as fast.
    private func fetch(_ slots: Range<UInt32>, of sessions: UnsafeSessionTable) {
        var sum: Int64 = 0
        let needsRank = query.order != .identifier
        for slot in slots {
            sessions.withSession(in: slot) { session, identifier in
                if needsRank {
                    sum &+= session._withUnsafeGuaranteedRef { query.rank(of: $0) }
                }
                sum &+= Int64(identifier.first ?? 0)
            }
        }
        fetched = sum
    }

    private func consider(
        _ session: Unmanaged<Session>,
        _ identifier: UnsafeBufferPointer<UInt8>
    ) {
        let rank =
            query.order == .identifier
            ? 0 : session._withUnsafeGuaranteedRef { query.rank(of: $0) }
        let isBeyond =
            rank > boundRank
            || rank == boundRank && !precedesBound(identifier)
        if isBeyond {
            part.hasMore = true
            return
        }
        let key = ClientKey(rank: rank, identifier: String(decoding: identifier, as: UTF8.self))
        if let after = query.after, !(after < key) { return }
        if top.bound != nil { part.hasMore = true }
        top.offer(key, session._withUnsafeGuaranteedRef { $0.handle })
        guard let bound = top.bound else { return }
        boundRank = bound.rank
        boundIdentifier = Array(bound.identifier.utf8)
    }

    /// Whether an identifier comes before that of the last one chosen.
    private func precedesBound(_ identifier: UnsafeBufferPointer<UInt8>) -> Bool {
        let count = min(identifier.count, boundIdentifier.count)
        let order = boundIdentifier.withUnsafeBytes { bound -> CInt in
            guard count > 0, let own = identifier.baseAddress, let other = bound.baseAddress else {
                return 0
            }
            return memcmp(own, other, count)
        }
        return order != 0 ? order < 0 : identifier.count < boundIdentifier.count
    }
}

extension Broker {
    /// Looks for the clients that are asked for; calls `body` with the page on a thread that no client
    /// waits for.
    func listClients(
        _ query: ClientQuery,
        _ body: @escaping @Sendable (ClientsPage) -> Void
    ) {
        gather { worker, handIn in
            let walk = ClientsWalk(query)
            worker.slices.add { [unowned worker] in
                guard let part = walk.step(worker) else { return false }
                handIn(part)
                return true
            }
        } _: { parts in
            body(ClientsPage(query, parts))
        }
    }
}
