// SPDX-License-Identifier: Apache-2.0
// How a connection of a bridge has ended, or why there is none.

/// Why a bridge is not connected.
enum BridgeEnd: Equatable {
    /// There was no connection; the cause in words.
    case unreachable(String)
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
        case .unreachable(let cause), .refused(let cause), .lost(let cause): cause
        case .idle: "idle"
        case .primaryBack: "the first address answers again"
        case .renewed: "told to connect anew"
        }
    }
}
