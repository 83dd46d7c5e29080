// SPDX-License-Identifier: Apache-2.0
// Which clients are asked for.

import Inflight

/// Which clients are to be listed, in which order, how many, and from where on.
struct ClientQuery: Sendable {
    let filter: ClientFilter
    let order: ClientOrder
    let page: PageRequest

    /// Reads a command.
    init(_ arguments: ControlArguments) throws(ControlFailure) {
        filter = try ClientFilter(arguments)
        order = try arguments.choice("order", of: ClientOrder.self) ?? .identifier
        page = try PageRequest(arguments, of: order.list)
    }

    /// The rank of a session in this order.
    func rank(of session: Session) -> Int64 {
        switch order {
        case .identifier: 0
        case .queued: -Int64(session.outgoing.window.queuedCount)
        case .dropped: -Int64(session.droppedCount)
        case .connectedSince:
            // Seconds of the reactor clock; who has left comes behind everybody who is there.
            session.detachedAt.map { Int64.max / 2 - $0 / 1000 } ?? -session.attachedAt
        }
    }
}
