// SPDX-License-Identifier: Apache-2.0
// Where something stands in a list.

import MQTT

/// Where something stands in a list: first by its rank, then by its name, byte by byte.
///
/// Both belong to the thing, so a list can go on behind a key whatever has come and gone meanwhile.
struct RowKey: Comparable, Sendable {
    /// Smaller ones come first.
    let rank: Int64
    /// The name; where two names are needed to tell one from another, both with NUL between them.
    let name: String

    init(rank: Int64 = 0, _ name: String) {
        self.rank = rank
        self.name = name
    }

    static func == (left: RowKey, right: RowKey) -> Bool {
        left.rank == right.rank && left.name.hasSameBytes(as: right.name)
    }

    static func < (left: RowKey, right: RowKey) -> Bool {
        guard left.rank == right.rank else { return left.rank < right.rank }
        return left.name.precedes(right.name)
    }
}

extension String {
    /// Whether it comes before another text, byte by byte.
    func precedes(_ other: String) -> Bool {
        let order = utf8.withContiguousStorageIfAvailable { own in
            other.utf8.withContiguousStorageIfAvailable { own.lexicographicallyPrecedes($0) }
        }
        return (order ?? nil) ?? utf8.lexicographicallyPrecedes(other.utf8)
    }
}
