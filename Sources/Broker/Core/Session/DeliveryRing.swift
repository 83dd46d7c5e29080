// SPDX-License-Identifier: Apache-2.0
// The deliveries of a session, in order, in one block.

/// One message on its way to, or from, one session.
///
/// 16 bytes.
struct Delivery {
    /// How far a delivery has come.
    enum State: UInt8 {
        /// Waits for a place in the send window, or for the client to come back.
        case queued
        /// PUBLISH with QoS 1 sent.
        case awaitingPuback
        /// PUBLISH with QoS 2 sent.
        case awaitingPubrec
        /// PUBREL sent.
        case awaitingPubcomp
        /// Received with QoS 2; the sender has yet to release it.
        case awaitingPubrel
        /// Over; kept until everything before it is over as well.
        case done
    }

    var message: Message
    var subscriptionIdentifier: UInt32
    var packetIdentifier: UInt16
    var state: State
    private var bits: UInt8

    /// A received message that waits since before the client came back.
    var isFromEarlierConnection: Bool {
        get { bits & 16 != 0 }
        set { bits = newValue ? bits | 16 : bits & ~16 }
    }

    init(
        _ message: Message,
        packetIdentifier: UInt16,
        state: State,
        qos: UInt8,
        isRetained: Bool,
        subscriptionIdentifier: UInt32 = 0
    ) {
        self.message = message
        self.packetIdentifier = packetIdentifier
        self.state = state
        self.subscriptionIdentifier = subscriptionIdentifier
        bits = qos | (isRetained ? 4 : 0)
    }

    /// QoS of this delivery.
    var qos: UInt8 { bits & 3 }

    /// The retain flag of this delivery.
    var isRetained: Bool { bits & 4 != 0 }

    /// How often a QoS 2 message was received again before its release; at most 1 is tolerated.
    var wasRepeated: Bool {
        get { bits & 8 != 0 }
        set { bits = newValue ? bits | 8 : bits & ~8 }
    }
}

/// A queue of deliveries that can be looked up by packet identifier.
///
/// Packet identifiers are given out in order, so an identifier tells the place: the distance to
/// the identifier of the first entry. Where that guess is wrong (identifiers were skipped, QoS 0
/// entries lie between) the in-flight part is searched. Entries that end out of order stay as
/// `.done` until those before them have ended.
///
/// Invariants: `count <= capacity`, a power of two or 0; entry `i` lies at `(head + i) mod capacity`.
///
/// The fields lie behind a pointer: they are touched for every message, and a `let` needs no check
/// for exclusive access.
struct UnsafeDeliveryRing: ~Copyable {
    private static let keptCapacityMax = 64

    private struct Fields {
        var entries: UnsafeMutablePointer<Delivery>?
        var capacity = 0
        var head = 0
        var count = 0
        /// Whether every identifier is the one before it plus one, so that the guess is always right.
        var isSequential = true
    }

    private let fields: UnsafeMutablePointer<Fields>

    init() {
        fields = .allocate(capacity: 1)
        fields.initialize(to: Fields())
    }

    deinit {
        removeStorage()
        fields.deallocate()
    }

    /// Entries, ended ones among them included.
    var count: Int { fields.pointee.count }

    private var entries: UnsafeMutablePointer<Delivery>? {
        get { fields.pointee.entries }
        nonmutating set { fields.pointee.entries = newValue }
    }
    private var capacity: Int {
        get { fields.pointee.capacity }
        nonmutating set { fields.pointee.capacity = newValue }
    }
    private var head: Int {
        get { fields.pointee.head }
        nonmutating set { fields.pointee.head = newValue }
    }
    private var isSequential: Bool {
        get { fields.pointee.isSequential }
        nonmutating set { fields.pointee.isSequential = newValue }
    }

    /// Whether nothing is in it.
    var isEmpty: Bool { count == 0 }

    /// The entry at a place, 0 being the oldest.
    subscript(_ index: Int) -> Delivery {
        _read {
            precondition(index >= 0 && index < count, "a delivery at this place exists")
            guard let entries else { preconditionFailure("a ring with entries has storage") }
            yield entries[(head + index) & (capacity - 1)]
        }
        nonmutating _modify {
            precondition(index >= 0 && index < count, "a delivery at this place exists")
            guard let entries else { preconditionFailure("a ring with entries has storage") }
            yield &entries[(head + index) & (capacity - 1)]
        }
    }

    /// Makes room for `additional` more entries.
    func reserve(_ additional: Int) {
        while capacity - count < additional { grow() }
    }

    /// Adds an entry at the end.
    func append(_ delivery: Delivery) {
        if count == capacity { grow() }
        guard let entries else { return }
        if count == 0 {
            isSequential = true
        } else {
            let last = entries[(head + count - 1) & (capacity - 1)].packetIdentifier
            if delivery.packetIdentifier != last &+ 1 { isSequential = false }
        }
        (entries + ((head + count) & (capacity - 1))).initialize(to: delivery)
        fields.pointee.count += 1
    }

    /// Drops the oldest entry.
    func removeFirst() {
        precondition(count > 0, "there is a first delivery")
        guard let entries else { return }
        (entries + head).deinitialize(count: 1)
        head = (head + 1) & (capacity - 1)
        fields.pointee.count -= 1
        if count == 0, capacity > Self.keptCapacityMax { removeStorage() }
    }

    /// Drops entries from the front that short acknowledgements at the front of `bytes` end, in order.
    ///
    /// A short acknowledgement is `firstByte 02 id id`; the entries must be in `state`; `limit` at
    /// most. Returns how many, and their payload bytes.
    func removeAcknowledged(
        by bytes: UnsafeRawBufferPointer,
        firstByte: UInt8,
        state: Delivery.State,
        limit: Int
    ) -> (count: Int, payload: Int) {
        guard let entries else { return (0, 0) }
        var removed = 0
        var payload = 0
        while removed < limit, bytes.count - 4 * removed >= 4,
            bytes[4 * removed] == firstByte, bytes[4 * removed + 1] == 2
        {
            let identifier =
                UInt16(bytes[4 * removed + 2]) << 8 | UInt16(bytes[4 * removed + 3])
            let entry = entries + head
            guard entry.pointee.packetIdentifier == identifier, identifier != 0,
                entry.pointee.state == state
            else { break }
            payload += entry.pointee.message.payloadCount
            entry.deinitialize(count: 1)
            head = (head + 1) & (capacity - 1)
            fields.pointee.count -= 1
            removed += 1
        }
        if count == 0, capacity > Self.keptCapacityMax { removeStorage() }
        return (removed, payload)
    }

    /// Marks entries as released by PUBREC packets (`50 02 id id`) at the front of `bytes`, and
    /// writes a PUBREL for each to `output`, which has room for all of `bytes`.
    ///
    /// Returns how many packets were taken; the first unusual one ends the stretch.
    func release(
        by bytes: UnsafeRawBufferPointer,
        limit: Int,
        output: UnsafeMutableRawPointer
    ) -> Int {
        guard let entries, count > 0 else { return 0 }
        let first = entries[head].packetIdentifier
        var taken = 0
        while bytes.count - 4 * taken >= 4, bytes[4 * taken] == 0x50, bytes[4 * taken + 1] == 2 {
            let identifier = UInt16(bytes[4 * taken + 2]) << 8 | UInt16(bytes[4 * taken + 3])
            let index = Int(identifier &- first)
            guard identifier != 0, index < limit else { break }
            let entry = entries + ((head + index) & (capacity - 1))
            guard entry.pointee.packetIdentifier == identifier,
                entry.pointee.state == .awaitingPubrec
            else { break }
            entry.pointee.state = .awaitingPubcomp
            let place = output + 4 * taken
            place.storeBytes(of: 0x62, as: UInt8.self)
            place.storeBytes(of: 2, toByteOffset: 1, as: UInt8.self)
            place.storeBytes(of: identifier.bigEndian, toByteOffset: 2, as: UInt16.self)
            taken += 1
        }
        return taken
    }

    /// Drops the entry at a place; the entries behind it move up.
    func remove(at index: Int) {
        precondition(index >= 0 && index < count, "a delivery at this place exists")
        if index == 0 { return removeFirst() }
        isSequential = isSequential && index == count - 1
        for place in index..<(count - 1) { self[place] = self[place + 1] }
        guard let entries else { return }
        (entries + ((head + count - 1) & (capacity - 1))).deinitialize(count: 1)
        fields.pointee.count -= 1
    }

    /// The place of a packet identifier among the first `limit` entries.
    func firstIndex(of packetIdentifier: UInt16, within limit: Int) -> Int? {
        guard limit > 0 else { return nil }
        let guess = Int(packetIdentifier &- self[0].packetIdentifier)
        if guess < limit, self[guess].packetIdentifier == packetIdentifier { return guess }
        if isSequential { return nil }
        return search(packetIdentifier, within: limit)
    }

    private func search(_ packetIdentifier: UInt16, within limit: Int) -> Int? {
        for index in 0..<limit
        where self[index].packetIdentifier == packetIdentifier && self[index].state != .done {
            return index
        }
        return nil
    }

    /// Drops everything.
    func removeAll() {
        while count > 0 { removeFirst() }
        removeStorage()
    }

    private func grow() {
        let larger = max(8, capacity * 2)
        let storage = UnsafeMutablePointer<Delivery>.allocate(capacity: larger)
        if let entries {
            let firstPart = min(count, capacity - head)
            storage.moveInitialize(from: entries + head, count: firstPart)
            (storage + firstPart).moveInitialize(from: entries, count: count - firstPart)
            entries.deallocate()
        }
        entries = storage
        capacity = larger
        head = 0
    }

    private func removeStorage() {
        guard let entries else { return }
        Self.destroy(entries, head: head, count: count, capacity: capacity)
        self.entries = nil
        capacity = 0
        head = 0
        fields.pointee.count = 0
    }

    private static func destroy(
        _ entries: UnsafeMutablePointer<Delivery>,
        head: Int,
        count: Int,
        capacity: Int
    ) {
        for index in 0..<count {
            (entries + ((head + index) & (capacity - 1))).deinitialize(count: 1)
        }
        entries.deallocate()
    }
}
