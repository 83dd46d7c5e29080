// SPDX-License-Identifier: Apache-2.0
// How a connection of a bridge has ended, or why there is none.

import Net

/// Why a bridge is not connected.
///
/// It is kept while there is no connection, by a thousand bridges perhaps: words are made when somebody asks.
enum BridgeEnd: Equatable, Sendable {
    /// There was no connection.
    case unreachable(OutgoingFailure)
    /// The remote has refused CONNECT; the refusal is logged.
    case refused(String)
    /// A connection has ended, in words.
    case lost(String)
    /// Nothing is left to be sent: a lazy bridge waits until there is.
    case idle
    /// The first address answers again.
    case primaryBack
    /// The bridge is told to connect anew.
    case renewed

    /// The cause as the log has it.
    var text: String {
        switch self {
        case .unreachable(let failure): failure.description
        case .refused(let cause), .lost(let cause): cause
        case .idle: "idle"
        case .primaryBack: "the first address answers again"
        case .renewed: "told to connect anew"
        }
    }
}
