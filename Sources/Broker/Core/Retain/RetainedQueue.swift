// SPDX-License-Identifier: Apache-2.0
// The subscriptions of a session that have yet to get their retained messages, in order.

/// Walks over retained messages, one for each subscription, first come first served.
///
/// Constant cost for each, however many filters a client subscribes to at once. Invariants: the
/// walks before `head` are gone; `places` has the place of each that is there, by filter.
final class RetainedQueue {
    private var walks: [RetainedDelivery?] = []
    private var head = 0
    private var places: [[UInt8]: Int] = [:]

    /// Whether none is there.
    var isEmpty: Bool { places.isEmpty }

    /// The filters, oldest first.
    var subscriptions: [SessionSubscription] { walks[head...].compactMap { $0?.subscription } }

    /// The oldest.
    var first: RetainedDelivery? {
        assert(isEmpty || walks[head] != nil, "the oldest is there")
        return isEmpty ? nil : walks[head]
    }

    /// Adds a walk, in the stead of one for the same filter.
    func append(_ walk: RetainedDelivery) {
        remove(filter: walk.subscription.filter)
        places[walk.subscription.filter] = walks.count
        walks.append(walk)
    }

    /// Takes the walk of a filter out; returns whether there was one.
    @discardableResult
    func remove(filter: [UInt8]) -> Bool {
        guard let place = places.removeValue(forKey: filter) else { return false }
        walks[place] = nil
        while head < walks.count, walks[head] == nil { head += 1 }
        if head == walks.count {
            walks = []
            head = 0
        }
        return true
    }
}
