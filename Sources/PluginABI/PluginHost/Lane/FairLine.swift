// SPDX-License-Identifier: Apache-2.0
// Who waits for the same thing, network by network in turn.

import Net

/// Those who want the same thing, network by network in turn: many connections of one address count
/// no more than one of another.
struct FairLine {
    private var tickets: [PeerNetwork?: [DelayedAnswers.Ticket]] = [:]
    /// Each network once, the next one first.
    private var order: [PeerNetwork?] = []

    var isEmpty: Bool { order.isEmpty }

    mutating func append(_ ticket: DelayedAnswers.Ticket, from network: PeerNetwork?) {
        if tickets[network] == nil { order.append(network) }
        tickets[network, default: []].append(ticket)
    }

    mutating func removeFirst() -> DelayedAnswers.Ticket? {
        guard let network = order.first, let ticket = tickets[network]?.first else { return nil }
        order.removeFirst()
        tickets[network]?.removeFirst()
        if tickets[network]?.isEmpty == true {
            tickets[network] = nil
        } else {
            order.append(network)
        }
        return ticket
    }

    mutating func remove(_ ticket: DelayedAnswers.Ticket) {
        for network in order {
            guard let index = tickets[network]?.firstIndex(of: ticket) else { continue }
            tickets[network]?.remove(at: index)
            guard tickets[network]?.isEmpty == true else { return }
            tickets[network] = nil
            order.removeAll { $0 == network }
            return
        }
    }
}
