// SPDX-License-Identifier: Apache-2.0
// A worker looks for the sessions that a list begins with.

import Glibc
import JSON
import Topics

/// A worker looks at all its sessions, some in each step, and then reports on the first ones.
///
/// Sessions that come and go meanwhile are seen or not; those that stay are seen once, as each has its
/// slot for as long as it lives.
final class ClientsWalk {
    /// Sessions looked at, and reported on, between two looks at the clock.
    private static let stepMax: UInt32 = 256
    private static let reportedMax = 16

    private let query: ClientQuery
    private var top: TopRows<RowKey, SessionHandle>
    private var slot: UInt32 = 0
    private var part = ListPart()
    /// Those that are to be reported on, the next one last; nil while they are looked for.
    private var chosen: [(key: RowKey, value: SessionHandle)]?
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
        top = TopRows(limit: query.page.count)
    }

    /// Does a piece of the work; the part when it is done.
    func step(_ worker: Worker) -> ListPart? {
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
        let key = RowKey(rank: rank, String(decoding: identifier, as: UTF8.self))
        if let after = query.page.after, !(after < key) { return }
        if top.bound != nil { part.hasMore = true }
        top.offer(key, session._withUnsafeGuaranteedRef { $0.handle })
        guard let bound = top.bound else { return }
        boundRank = bound.rank
        boundIdentifier = Array(bound.name.utf8)
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
    func listClients(_ query: ClientQuery, _ body: @escaping @Sendable (ListPage) -> Void) {
        gather { worker, handIn in
            worker.slice(ClientsWalk(query).step, handIn)
        } _: { parts in
            body(ListPage(query.page, parts))
        }
    }
}
