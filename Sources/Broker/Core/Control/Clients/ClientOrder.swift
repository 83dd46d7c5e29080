// SPDX-License-Identifier: Apache-2.0
// In which order clients are listed, and where a page begins.

import MQTT

/// What clients are listed by.
enum ClientOrder: String, CaseIterable, Sendable {
    /// By client identifier.
    case identifier
    /// Those with the most messages waiting first.
    case queued
    /// Those that have lost the most messages first.
    case dropped
    /// Those that have come last first; behind them those that have left, the last first.
    case connectedSince = "connected-since"
}

/// Where a session stands in a list: first by its rank, then by its identifier, byte by byte.
///
/// Both belong to the session, so a list can go on behind a key whatever has come and gone meanwhile.
struct ClientKey: Comparable, Sendable {
    /// Smaller ones come first.
    let rank: Int64
    let identifier: String

    static func == (left: ClientKey, right: ClientKey) -> Bool {
        left.rank == right.rank && left.identifier.hasSameBytes(as: right.identifier)
    }

    static func < (left: ClientKey, right: ClientKey) -> Bool {
        guard left.rank == right.rank else { return left.rank < right.rank }
        return left.identifier.precedes(right.identifier)
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
