// SPDX-License-Identifier: Apache-2.0
// Where the next page of a list begins.

import Encoding

/// The lists there are, each in an order of its own; the numbers are those in cursors.
enum ListNumber: UInt8, Sendable {
    case clientsByIdentifier, clientsByQueued, clientsByDropped, clientsByTime
    case subscriptions, matches, retained, endings
}

/// Where the next page of a list begins: behind this key.
///
/// As text it is Base64 of the list's number, the rank and the name, and means nothing to those
/// who hand it back.
struct PageCursor: Equatable, Sendable {
    let list: ListNumber
    let key: RowKey

    init(_ list: ListNumber, after key: RowKey) {
        self.list = list
        self.key = key
    }

    /// Reads a cursor; nil for what is none.
    init?(_ text: String) {
        guard let bytes = Base64.decode(text.utf8), bytes.count >= 9,
            let list = ListNumber(rawValue: bytes[0]),
            let name = String(validating: bytes[9...], as: UTF8.self)
        else { return nil }
        let rank = bytes[1..<9].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        self.list = list
        key = RowKey(rank: Int64(bitPattern: rank), name)
    }

    /// The text to hand back.
    var text: String {
        let rank = UInt64(bitPattern: key.rank)
        let bytes =
            [list.rawValue]
            + stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: rank >> $0) }
            + Array(key.name.utf8)
        return Base64.encode(bytes)
    }
}
