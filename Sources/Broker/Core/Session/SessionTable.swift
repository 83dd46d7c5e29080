// SPDX-License-Identifier: Apache-2.0
// The sessions of one worker, by handle and by client identifier.

import Topics

/// The session registry of a worker.
///
/// Private to its thread: no lock.
struct SessionTable {
    private var slots: [Session?] = []
    private var generations: [UInt32] = []
    private var freeSlots: [UInt32] = []
    private var byIdentifier: [String: Session] = [:]
    private let reactor: UInt16

    init(reactor: Int) {
        self.reactor = UInt16(truncatingIfNeeded: reactor)
    }

    /// Sessions, connected or not.
    var count: Int { byIdentifier.count }

    /// All sessions, in no order.
    var all: [Session] { Array(byIdentifier.values) }

    /// The session of a client identifier.
    subscript(_ clientIdentifier: String) -> Session? { byIdentifier[clientIdentifier] }

    /// The session a handle means, unless that has ended.
    @inline(__always)
    subscript(_ handle: SessionHandle) -> Session? {
        let slot = Int(handle.slot)
        guard slot < slots.count, let session = slots[slot], session.handle == handle else {
            return nil
        }
        return session
    }

    /// A handle for a session to be inserted.
    mutating func reserve() -> SessionHandle {
        if let slot = freeSlots.popLast() {
            return SessionHandle(reactor: reactor, slot: slot, generation: generations[Int(slot)])
        }
        slots.append(nil)
        generations.append(0)
        return SessionHandle(reactor: reactor, slot: UInt32(slots.count - 1), generation: 0)
    }

    /// Registers a session under its reserved handle.
    mutating func insert(_ session: Session) {
        slots[Int(session.handle.slot)] = session
        byIdentifier[session.identity.clientIdentifier] = session
    }

    /// Forgets a session; its handle means nothing from now on.
    mutating func remove(_ session: Session) {
        let slot = Int(session.handle.slot)
        slots[slot] = nil
        generations[slot] = (generations[slot] &+ 1) & 0xFF_FFFF
        freeSlots.append(session.handle.slot)
        let identifier = session.identity.clientIdentifier
        if byIdentifier[identifier] === session { byIdentifier[identifier] = nil }
    }
}
