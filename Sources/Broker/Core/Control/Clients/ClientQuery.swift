// SPDX-License-Identifier: Apache-2.0
// Which clients are asked for.

import Inflight

/// Which clients are to be listed, in which order, how many, and from where on.
struct ClientQuery: Sendable {
    /// How many an answer has at most, and where nothing is said.
    static let countMax = 1000
    static let countDefault = 100

    let filter: ClientFilter
    let order: ClientOrder
    let count: Int
    /// What was listed last; nil for the first page.
    let after: ClientKey?

    /// Reads a command.
    init(_ arguments: ControlArguments) throws(ControlFailure) {
        filter = try ClientFilter(arguments)
        let order = try arguments.choice("order", of: ClientOrder.self)
        let count = try arguments.integer("count", in: 1...Self.countMax)
        self.count = count ?? Self.countDefault
        guard let text = try arguments.text("cursor") else {
            self.order = order ?? .identifier
            after = nil
            return
        }
        guard let cursor = ClientCursor(text), order == nil || order == cursor.order else {
            throw ControlFailure("Invalid 'cursor': not one of a list in this order")
        }
        self.order = cursor.order
        after = cursor.key
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
