// SPDX-License-Identifier: Apache-2.0
// The retained messages that a list begins with.

import JSON
import Topics

/// Looks at the retained messages that match a filter, some in each step; on the first worker.
final class RetainedWalk {
    /// Messages looked at between two looks at the clock.
    private static let stepMax = 64

    private let cursor: RetainedCursor
    private let page: PageRequest
    private var top: TopRows<RowKey, Message>
    private var part = ListPart()

    /// Begins a walk over the messages whose topics match a filter.
    init(_ worker: Worker, _ filter: [UInt8], _ page: PageRequest) {
        cursor = worker.broker.retained.cursor(filter: filter.span.bytes)
        self.page = page
        top = TopRows(limit: page.count)
    }

    /// Does a piece of the work; the part when it is done.
    func step(_ worker: Worker) -> ListPart? {
        var found: [AnyObject] = []
        let isFinished = worker.broker.retained.next(cursor, limit: Self.stepMax, into: &found)
        for value in found {
            let message = Message(value)
            guard !message.isExpired(at: worker.now) else { continue }
            part.total += 1
            let key = RowKey(message.withPublication { String(decoding: $0.topic, as: UTF8.self) })
            if let after = page.after, !(after < key) { continue }
            if top.bound != nil { part.hasMore = true }
            top.offer(key, message)
        }
        guard isFinished else { return nil }
        let clock = WallClock(worker.reactor)
        part.rows = top.sorted.map { key, message in
            ListRow(
                key: key,
                report: RetainedReport(message, clock).entry.object,
                byteCount: 300 + 6 * key.name.utf8.count
            )
        }
        return part
    }
}
