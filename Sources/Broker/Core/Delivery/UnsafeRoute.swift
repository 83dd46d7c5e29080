// SPDX-License-Identifier: Apache-2.0
// Where the messages of one topic go.

import Topics

/// Where the messages of one topic go, as of one generation of the index.
///
/// ```
/// | destinations on this reactor … | on another one … | on a third … |
/// 0                            localCount                          count
/// ```
/// Invariants: `0 <= localCount <= count <= capacity`; the first `count` places are initialised.
final class UnsafeRoute {
    /// Generation of the index this was made from; another one voids it.
    private(set) var generation: UInt64 = .max
    /// One session of each group gets each message.
    private(set) var groups: [SharedGroup] = []
    /// The places of the groups that have a durable session; nil until somebody has looked.
    var durableGroups: [Int]?
    /// Whether `groups` is not empty.
    private(set) var hasGroups = false

    private var places: UnsafeMutablePointer<Destination>
    private var capacity = 2
    private var count = 0
    private var localCount = 0

    init() {
        places = .allocate(capacity: capacity)
    }

    deinit {
        places.deallocate()
    }

    /// Whether no subscription matches.
    var isEmpty: Bool { count == 0 && !hasGroups }

    /// Whether exactly one session gets each message.
    var isSole: Bool { count == 1 && !hasGroups }

    /// Sessions of this reactor, in match order; valid until the route is assigned anew.
    var local: UnsafeBufferPointer<Destination> {
        UnsafeBufferPointer(start: places, count: localCount)
    }

    /// Sessions of other reactors, those of one reactor together; valid as long.
    var remote: UnsafeBufferPointer<Destination> {
        UnsafeBufferPointer(start: places + localCount, count: count - localCount)
    }

    /// Replaces the content.
    func assign(_ match: borrowing MatchResult, generation: UInt64, reactor: Int) {
        self.generation = generation
        durableGroups = nil
        if hasGroups { groups.removeAll(keepingCapacity: true) }
        hasGroups = !match.sharedGroups.isEmpty
        if hasGroups { groups.append(contentsOf: match.sharedGroups) }
        let total = match.destinations.count
        if capacity < total {
            places.deallocate()
            capacity = total
            places = .allocate(capacity: capacity)
        }
        count = 0
        append(match, of: reactor)
        localCount = count
        var other = 0
        while count < total {
            if other != reactor { append(match, of: other) }
            other += 1
        }
    }

    private func append(_ match: borrowing MatchResult, of reactor: Int) {
        for destination in match.destinations where Int(destination.session.reactor) == reactor {
            assert(count < capacity, "there is a place for each destination")
            (places + count).initialize(to: destination)
            count += 1
        }
    }
}
