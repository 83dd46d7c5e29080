// SPDX-License-Identifier: Apache-2.0
// Where the messages of a topic go, and the cache of that.

import Glibc
import Topics

extension PublishBatch {
    /// What it takes to deliver the batch to one more session: 1 is a message of little size.
    ///
    /// QoS 0 goes out as one piece, unless plugins look at each message.
    var workPerDestination: Int {
        if isChecked { return count &* Self.checkedWork &+ payloadByteCount >> 11 }
        return (qos == 0 ? 1 : count) &+ payloadByteCount >> 11
    }

    private static let checkedWork = 8

    /// What it takes to deliver the batch on this reactor.
    func work(on route: UnsafeRoute) -> Int {
        let groups = route.hasGroups ? route.groups.count &* count : 0
        return route.local.count &* workPerDestination &+ groups
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
        var route: UnsafeRoute?
    }

    /// None before the first topic.
    private var slots: UnsafeMutablePointer<Slot>?
    private let transient = UnsafeRoute()
    private var result = MatchResult()
    private let index: SubscriptionIndex
    private let reactor: Int

    init(index: SubscriptionIndex, reactor: Int) {
        self.index = index
        self.reactor = reactor
    }

    deinit {
        slots?.deinitialize(count: Self.slotCount)
        slots?.deallocate()
    }

    /// The route of a topic.
    ///
    /// Valid until the next call, or for longer while its generation is that of the index.
    func route(_ topic: UnsafeRawBufferPointer) -> UnsafeRoute {
        let slots = slots ?? makeSlots()
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
        let route = UnsafeRoute()
        fill(route, topic)
        slots[place] = Slot(hash: hash, lastMiss: hash, topic: Array(topic), route: route)
        return route
    }

    private func makeSlots() -> UnsafeMutablePointer<Slot> {
        let slots = UnsafeMutablePointer<Slot>.allocate(capacity: Self.slotCount)
        slots.initialize(repeating: Slot(), count: Self.slotCount)
        self.slots = slots
        return slots
    }

    private static func isEqual(_ mine: [UInt8], _ other: UnsafeRawBufferPointer) -> Bool {
        guard mine.count == other.count, let base = other.baseAddress else { return false }
        return memcmp(mine, base, mine.count) == 0
    }

    private func fill(_ route: UnsafeRoute, _ topic: UnsafeRawBufferPointer) {
        index.match(topic: RawSpan(_unsafeBytes: topic), into: &result)
        route.assign(result, generation: result.generation, reactor: reactor)
    }
}
