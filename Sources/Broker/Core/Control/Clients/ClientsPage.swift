// SPDX-License-Identifier: Apache-2.0
// A page of a list of clients.

import JSON

/// A page of a list of clients.
struct ClientsPage: Sendable {
    /// Bytes after which a page ends early.
    static let bytesMax = 4 << 20

    let total: Int
    let rows: [ClientRow]
    /// Where the next page begins; nil if this is the last one.
    let cursor: ClientCursor?

    /// Puts what the workers have together.
    init(_ query: ClientQuery, _ parts: [ClientsPart]) {
        total = parts.reduce(0) { $0 + $1.total }
        let all = parts.flatMap(\.rows).sorted { $0.key < $1.key }
        var byteCount = 0
        var count = 0
        while count < min(all.count, query.count),
            count == 0 || byteCount + all[count].byteCount <= Self.bytesMax
        {
            byteCount += all[count].byteCount
            count += 1
        }
        rows = Array(all[..<count])
        let hasMore = count < all.count || parts.contains { $0.hasMore }
        cursor = hasMore ? rows.last.map { ClientCursor(query.order, after: $0.key) } : nil
    }

    /// The answer.
    var data: JSONValue {
        var members: [JSONValue.Member] = [
            .init("total", .number(Double(total))),
            .init("clients", .array(rows.map(\.report))),
        ]
        if let cursor { members.append(.init("cursor", .string(cursor.text))) }
        return .object(members)
    }
}
