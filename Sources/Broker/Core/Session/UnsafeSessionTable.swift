// SPDX-License-Identifier: Apache-2.0
// The sessions of one worker, by handle and by client identifier.

import MQTT
import Topics

/// The session registry of a worker.
///
/// Private to its thread: no lock. The places lie behind a pointer, because they are looked at for
/// every delivery. Invariants: `count <= capacity`; the first `count` places are initialised.
final class UnsafeSessionTable {
    private struct Place {
        var session: Session?
        var generation: UInt32 = 0
    }

    private var places: UnsafeMutablePointer<Place>
    private var capacity = 16
    private var placeCount = 0
    private var freeSlots: [UInt32] = []
    private var byIdentifier: [ExactText: Session] = [:]
    private let reactor: UInt16

    init(reactor: Int) {
        self.reactor = UInt16(truncatingIfNeeded: reactor)
        places = .allocate(capacity: capacity)
    }

    deinit {
        places.deinitialize(count: placeCount)
        places.deallocate()
    }

    /// Sessions, connected or not.
    var count: Int { byIdentifier.count }

    /// All sessions, in no order.
    var all: [Session] { Array(byIdentifier.values) }

    /// One more than the highest slot that may be in use.
    var slotEnd: Int { placeCount }

    /// The session in a slot; nil when it is free.
    func session(inSlot slot: Int) -> Session? {
        precondition(slot >= 0 && slot < placeCount, "a slot of this table")
        return places[slot].session
    }

    /// The session of a client identifier.
    subscript(_ clientIdentifier: String) -> Session? {
        byIdentifier[ExactText(clientIdentifier)]
    }

    /// The session a handle means, unless that has ended.
    @inline(__always)
    subscript(_ handle: SessionHandle) -> Session? {
        let slot = Int(handle.slot)
        guard slot < placeCount, let session = places[slot].session, session.handle == handle
        else { return nil }
        return session
    }

    /// A handle for a session to be inserted.
    func reserve() -> SessionHandle {
        if let slot = freeSlots.popLast() {
            let generation = places[Int(slot)].generation
            return SessionHandle(reactor: reactor, slot: slot, generation: generation)
        }
        if placeCount == capacity { grow() }
        (places + placeCount).initialize(to: Place())
        placeCount += 1
        return SessionHandle(reactor: reactor, slot: UInt32(placeCount - 1), generation: 0)
    }

    private func grow() {
        let larger = UnsafeMutablePointer<Place>.allocate(capacity: 2 * capacity)
        larger.moveInitialize(from: places, count: placeCount)
        places.deallocate()
        places = larger
        capacity *= 2
    }

    /// Registers a session under its reserved handle.
    func insert(_ session: Session) {
        let slot = Int(session.handle.slot)
        precondition(slot < placeCount, "the handle was reserved here")
        places[slot].session = session
        byIdentifier[ExactText(session.identity.clientIdentifier)] = session
    }

    /// Forgets a session; its handle means nothing from now on.
    func remove(_ session: Session) {
        let slot = Int(session.handle.slot)
        precondition(slot < placeCount, "the handle was reserved here")
        places[slot].session = nil
        places[slot].generation = (places[slot].generation &+ 1) & 0xFF_FFFF
        freeSlots.append(session.handle.slot)
        let identifier = ExactText(session.identity.clientIdentifier)
        if byIdentifier[identifier] === session { byIdentifier[identifier] = nil }
    }

    /// Forgets everything; no handle means anything any more.
    func removeAll() {
        places.deinitialize(count: placeCount)
        placeCount = 0
        freeSlots = []
        byIdentifier = [:]
    }
}
