// SPDX-License-Identifier: Apache-2.0
// In which order clients are listed.

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

extension ClientOrder {
    /// The list in this order.
    var list: ListNumber {
        switch self {
        case .identifier: .clientsByIdentifier
        case .queued: .clientsByQueued
        case .dropped: .clientsByDropped
        case .connectedSince: .clientsByTime
        }
    }
}
