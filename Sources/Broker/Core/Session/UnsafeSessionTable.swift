// SPDX-License-Identifier: Apache-2.0
// The sessions of one worker, by handle and by client identifier.

import MQTT
import Topics

/// The session registry of a worker.
///
/// Private to its thread: no lock. The places lie behind a pointer, because they are looked at for
/// every delivery. Invariants: `placeCount <= capacity`; the first `placeCount` places and identifiers
/// are initialised.
final class UnsafeSessionTable {
    private struct Place {
        var session: Session?
        var generation: UInt32 = 0
    }

    private var places: UnsafeMutablePointer<Place>
    /// The client identifiers of the sessions in the places, empty where there is none; beside them, as
    /// deliveries have no use for them.
    private var identifiers: UnsafeMutablePointer<String>
    private var capacity = 16
    private var placeCount = 0
    private var freeSlots: [UInt32] = []
    private var byIdentifier: [ExactText: Session] = [:]
    private let reactor: UInt16

    init(reactor: Int) {
        self.reactor = UInt16(truncatingIfNeeded: reactor)
        places = .allocate(capacity: capacity)
        identifiers = .allocate(capacity: capacity)
    }

    deinit {
        places.deinitialize(count: placeCount)
        places.deallocate()
        identifiers.deinitialize(count: placeCount)
        identifiers.deallocate()
    }

    /// Sessions, connected or not.
    var count: Int { byIdentifier.count }

    /// All sessions, in no order.
    var all: [Session] { Array(byIdentifier.values) }

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

    /// All sessions have smaller slots.
    var slotEnd: UInt32 { UInt32(placeCount) }

    /// The session in a slot; nil where there is none.
    subscript(slot slot: UInt32) -> Session? {
        Int(slot) < placeCount ? places[Int(slot)].session : nil
    }

    /// Looks at the session in a slot, if there is one, with the bytes of its client identifier.
    ///
    /// No reference is counted: who looks at all sessions would else write to the memory of each, which
    /// takes several times as long as reading it.
    @inline(__always)
    func withSession(
        in slot: UInt32,
        _ body: (_ session: Unmanaged<Session>, _ identifier: UnsafeBufferPointer<UInt8>) -> Void
    ) {
        assert(Int(slot) < placeCount, "slots end")
        // An optional reference is an address or 0.
        let address = UnsafeRawPointer(places + Int(slot)).load(as: UInt.self)
        guard let pointer = UnsafeRawPointer(bitPattern: address) else { return }
        (identifiers + Int(slot)).pointee.withUTF8 { body(.fromOpaque(pointer), $0) }
    }

    /// A handle for a session to be inserted.
    func reserve() -> SessionHandle {
        if let slot = freeSlots.popLast() {
            let generation = places[Int(slot)].generation
            return SessionHandle(reactor: reactor, slot: slot, generation: generation)
        }
        if placeCount == capacity { grow() }
        (places + placeCount).initialize(to: Place())
        (identifiers + placeCount).initialize(to: "")
        placeCount += 1
        return SessionHandle(reactor: reactor, slot: UInt32(placeCount - 1), generation: 0)
    }

    private func grow() {
        let larger = UnsafeMutablePointer<Place>.allocate(capacity: 2 * capacity)
        larger.moveInitialize(from: places, count: placeCount)
        places.deallocate()
        places = larger
        let longer = UnsafeMutablePointer<String>.allocate(capacity: 2 * capacity)
        longer.moveInitialize(from: identifiers, count: placeCount)
        identifiers.deallocate()
        identifiers = longer
        capacity *= 2
    }

    /// Registers a session under its reserved handle.
    func insert(_ session: Session) {
        let slot = Int(session.handle.slot)
        precondition(slot < placeCount, "the handle was reserved here")
        places[slot].session = session
        let identifier = ExactText(session.identity.clientIdentifier)
        identifiers[slot] = identifier.text
        byIdentifier[identifier] = session
    }

    /// Forgets a session; its handle means nothing from now on.
    func remove(_ session: Session) {
        let slot = Int(session.handle.slot)
        precondition(slot < placeCount, "the handle was reserved here")
        places[slot].session = nil
        identifiers[slot] = ""
        places[slot].generation = (places[slot].generation &+ 1) & 0xFF_FFFF
        freeSlots.append(session.handle.slot)
        let identifier = ExactText(session.identity.clientIdentifier)
        if byIdentifier[identifier] === session { byIdentifier[identifier] = nil }
    }

    /// Forgets everything; no handle means anything any more.
    func removeAll() {
        places.deinitialize(count: placeCount)
        identifiers.deinitialize(count: placeCount)
        placeCount = 0
        freeSlots = []
        byIdentifier = [:]
    }
}
