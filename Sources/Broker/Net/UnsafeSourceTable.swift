// SPDX-License-Identifier: Apache-2.0
// What the epoll instance of a reactor watches.

/// Something whose descriptor is watched.
enum Source {
    case none
    case waker
    case listener(ListenerSocket)
    case connection(Connection)
    case member(GroupMember)
    case attempt(OutgoingAttempt)
}

/// The sources of a reactor, by slot.
///
/// An event carries the ticket of its source: the slot, and how often that had been used before, so
/// that an event that is late finds nothing. Looked at for every event, hence behind a pointer.
///
///     63             32 31        0
///     [ generation     |   slot   ]
///
/// Invariants: `count <= capacity`; the first `count` places are initialised; what `free` has is
/// vacant.
final class UnsafeSourceTable {
    private struct Place {
        var source = Source.none
        var generation: UInt32 = 0
        /// Whether it is served after all others; see `Reactor`.
        var isUnauthenticated = true
    }

    private var places: UnsafeMutablePointer<Place>
    private var capacity = 64
    private var count = 0
    private var free: [Int] = []

    init() { places = .allocate(capacity: capacity) }

    deinit {
        places.deinitialize(count: count)
        places.deallocate()
    }

    /// Adds an unauthenticated source; returns its slot.
    func add(_ source: Source) -> Int {
        if let slot = free.popLast() {
            assert(isVacant(slot))
            places[slot].source = source
            places[slot].isUnauthenticated = true
            return slot
        }
        if count == capacity { grow() }
        (places + count).initialize(to: Place(source: source))
        count += 1
        return count - 1
    }

    /// Puts another source in a slot that is in use.
    func replace(_ slot: Int, with source: Source) {
        precondition(slot >= 0 && slot < count, "a slot that was given")
        places[slot].source = source
    }

    /// Frees a slot; events that are on their way find nothing.
    func remove(_ slot: Int) {
        precondition(slot >= 0 && slot < count, "a slot that was given")
        places[slot].source = .none
        places[slot].generation &+= 1
        free.append(slot)
    }

    /// From now on the source is served before all that are unauthenticated.
    func promote(_ slot: Int) {
        precondition(slot >= 0 && slot < count, "a slot that was given")
        places[slot].isUnauthenticated = false
    }

    /// What an event of the source in a slot carries.
    func ticket(_ slot: Int) -> UInt64 {
        precondition(slot >= 0 && slot < count, "a slot that was given")
        return UInt64(slot) | UInt64(places[slot].generation) << 32
    }

    /// The source that an event is of; `none` when that is gone.
    @inline(__always)
    subscript(_ ticket: UInt64) -> Source {
        let slot = Self.slot(ticket)
        guard slot < count, places[slot].generation == UInt32(ticket >> 32) else { return .none }
        return places[slot].source
    }

    /// Whether an event is of an unauthenticated source.
    @inline(__always)
    func isUnauthenticated(_ ticket: UInt64) -> Bool {
        let slot = Self.slot(ticket)
        return slot < count && places[slot].isUnauthenticated
    }

    /// The source in a slot.
    func source(_ slot: Int) -> Source {
        precondition(slot >= 0 && slot < count, "a slot that was given")
        return places[slot].source
    }

    /// Slots that were ever used.
    var slots: Range<Int> { 0..<count }

    @inline(__always)
    private static func slot(_ ticket: UInt64) -> Int { Int(ticket & 0xFFFF_FFFF) }

    private func isVacant(_ slot: Int) -> Bool {
        if case .none = places[slot].source { true } else { false }
    }

    private func grow() {
        let larger = UnsafeMutablePointer<Place>.allocate(capacity: 2 * capacity)
        larger.moveInitialize(from: places, count: count)
        places.deallocate()
        places = larger
        capacity *= 2
    }
}
