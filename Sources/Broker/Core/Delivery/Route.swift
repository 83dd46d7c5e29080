// SPDX-License-Identifier: Apache-2.0
// Where the messages of a topic go, and the cache of that.

import Glibc
import Topics

/// The destinations of one topic, sorted by the reactor their sessions live on.
struct Destinations {
    /// Sessions of this reactor, in match order.
    fileprivate(set) var local: [Destination] = []
    /// Sessions of other reactors, by reactor.
    fileprivate(set) var remote: [(reactor: Int, destinations: [Destination])] = []
    /// One session of each group gets each message.
    fileprivate(set) var groups: [SharedGroup] = []

    /// Whether no subscription matches.
    var isEmpty: Bool { local.isEmpty && remote.isEmpty && groups.isEmpty }

    fileprivate mutating func assign(_ match: borrowing MatchResult, reactor: Int) {
        local.removeAll(keepingCapacity: true)
        if !remote.isEmpty { remote.removeAll(keepingCapacity: true) }
        if !groups.isEmpty { groups.removeAll(keepingCapacity: true) }
        for destination in match.destinations {
            let home = Int(destination.session.reactor)
            if home == reactor {
                local.append(destination)
            } else if let place = remote.firstIndex(where: { $0.reactor == home }) {
                remote[place].destinations.append(destination)
            } else {
                remote.append((home, [destination]))
            }
        }
        if !match.sharedGroups.isEmpty { groups.append(contentsOf: match.sharedGroups) }
    }
}

/// Where the messages of one topic go, as of one generation of the index.
final class Route {
    /// Generation of the index this was made from; another one voids it.
    private(set) var generation: UInt64 = .max
    /// Who gets the messages.
    private(set) var destinations = Destinations()

    /// Whether no subscription matches.
    var isEmpty: Bool { destinations.isEmpty }

    /// Replaces the content.
    func assign(_ match: borrowing MatchResult, generation: UInt64, reactor: Int) {
        self.generation = generation
        destinations.assign(match, reactor: reactor)
    }
}

/// Routes by topic, for one reactor.
///
/// Direct-mapped by the topic's hash. A topic gets a place only when it is asked for a second time
/// in a row at that place, so that a stream of ever new topics neither allocates nor evicts what
/// is used again.
final class RouteCache {
    private static let slotCount = 4096

    private struct Slot {
        var hash: UInt64 = 0
        var lastMiss: UInt64 = 0
        var topic: [UInt8] = []
        var route: Route?
    }

    private var slots: [Slot] = []
    private let transient = Route()
    private var result = MatchResult()
    private let index: SubscriptionIndex
    private let reactor: Int

    init(index: SubscriptionIndex, reactor: Int) {
        self.index = index
        self.reactor = reactor
    }

    /// The route of a topic.
    ///
    /// Valid until the next call, or for longer while its generation is that of the index.
    func route(_ topic: UnsafeRawBufferPointer) -> Route {
        if slots.isEmpty { slots = Array(repeating: Slot(), count: Self.slotCount) }
        let generation = index.generation
        let hash = TopicHash.hash(RawSpan(_unsafeBytes: topic))
        let place = Int(truncatingIfNeeded: hash) & (Self.slotCount - 1)
        if slots[place].hash == hash, let route = slots[place].route,
            Self.isEqual(slots[place].topic, topic)
        {
            if route.generation != generation { fill(route, topic) }
            return route
        }
        guard slots[place].lastMiss == hash else {
            slots[place].lastMiss = hash
            fill(transient, topic)
            return transient
        }
        let route = Route()
        fill(route, topic)
        slots[place] = Slot(hash: hash, lastMiss: hash, topic: Array(topic), route: route)
        return route
    }

    private static func isEqual(_ mine: [UInt8], _ other: UnsafeRawBufferPointer) -> Bool {
        guard mine.count == other.count, let base = other.baseAddress else { return false }
        return memcmp(mine, base, mine.count) == 0
    }

    private func fill(_ route: Route, _ topic: UnsafeRawBufferPointer) {
        index.match(topic: RawSpan(_unsafeBytes: topic), into: &result)
        route.assign(result, generation: result.generation, reactor: reactor)
    }
}
