// SPDX-License-Identifier: Apache-2.0
// A page of a list, put together from what each worker has.

import JSON

/// One entry of a list.
struct ListRow: Sendable {
    let key: RowKey
    let report: JSONValue
    /// About how many bytes it takes.
    let byteCount: Int
}

/// What one worker has for a page of a list.
struct ListPart: Sendable {
    /// What it has of all that is meant, on whatever page.
    var total = 0
    /// Its first ones of the page, in order.
    var rows: [ListRow] = []
    /// Whether there are more behind them.
    var hasMore = false
}

/// A page of a list; pure.
struct ListPage: Sendable {
    /// Bytes after which a page ends early.
    static let bytesMax = 4 << 20

    let total: Int
    let rows: [ListRow]
    /// Where the next page begins; nil if this is the last one.
    let cursor: PageCursor?

    /// Puts what the workers have together.
    init(_ page: PageRequest, _ parts: [ListPart]) {
        total = parts.reduce(0) { $0 + $1.total }
        let all = parts.flatMap(\.rows).sorted { $0.key < $1.key }
        var byteCount = 0
        var count = 0
        while count < min(all.count, page.count),
            count == 0 || byteCount + all[count].byteCount <= Self.bytesMax
        {
            byteCount += all[count].byteCount
            count += 1
        }
        rows = Array(all[..<count])
        let hasMore = count < all.count || parts.contains { $0.hasMore }
        cursor = hasMore ? rows.last.map { PageCursor(page.list, after: $0.key) } : nil
    }

    /// The answer, with the entries under a name.
    func data(_ name: String) -> JSONValue {
        var data = JSONMembers()
        data.add("total", total)
        data.add(name, .array(rows.map(\.report)))
        data.add("cursor", cursor?.text)
        return data.object
    }
}
