// SPDX-License-Identifier: Apache-2.0
// The messages of a window, by the places it gives them.

/// Messages by place.
///
/// A ring beside the one of the window, `place mod capacity`: a window keeps numbers, its owner the
/// messages. Subscription identifiers have a block of their own, made for the first one that is not
/// 0. Invariants: every place with a message lies in the range that the last `reserve` was told; no
/// two of them fall on one slot.
///
/// The fields lie behind a pointer: they are touched for every message, and a `let` needs no check
/// for exclusive access.
struct UnsafeMessageSlots: ~Copyable {
    private static let keptCapacityMax = 64

    private struct Fields {
        var messages: UnsafeMutablePointer<Unmanaged<MessageStorage>?>?
        var identifiers: UnsafeMutablePointer<UInt32>?
        var capacity = 0
    }

    private let fields: UnsafeMutablePointer<Fields>

    init() {
        fields = .allocate(capacity: 1)
        fields.initialize(to: Fields())
    }

    deinit {
        removeAll()
        fields.deallocate()
    }

    private var capacity: Int { fields.pointee.capacity }

    private var messages: UnsafeMutablePointer<Unmanaged<MessageStorage>?> {
        guard let messages = fields.pointee.messages else {
            preconditionFailure("slots were reserved")
        }
        return messages
    }

    /// Makes room for the places from `places`, which are in use, up to `end`.
    @inline(__always)
    func reserve(_ places: Range<Int>, upTo end: Int) {
        if end - places.lowerBound > capacity { grow(places, to: end - places.lowerBound) }
    }

    /// The message at a place.
    subscript(_ place: Int) -> Message {
        guard let storage = messages[place & (capacity - 1)] else {
            preconditionFailure("a place that is in use has a message")
        }
        return Message(storage.takeUnretainedValue())
    }

    /// The subscription identifier that goes with it; 0 for none.
    func subscriptionIdentifier(_ place: Int) -> UInt32 {
        fields.pointee.identifiers?[place & (capacity - 1)] ?? 0
    }

    /// Keeps a message at a reserved place that has none.
    @inline(__always)
    func set(_ place: Int, _ message: Message) {
        let slot = messages + (place & (capacity - 1))
        assert(slot.pointee == nil, "a place has one message")
        slot.pointee = .passRetained(message.storage)
    }

    /// Keeps the subscription identifier that goes with a message.
    func set(_ place: Int, subscriptionIdentifier: UInt32) {
        if fields.pointee.identifiers == nil {
            if subscriptionIdentifier == 0 { return }
            let block = UnsafeMutablePointer<UInt32>.allocate(capacity: capacity)
            block.initialize(repeating: 0, count: capacity)
            fields.pointee.identifiers = block
        }
        fields.pointee.identifiers?[place & (capacity - 1)] = subscriptionIdentifier
    }

    /// Puts another message in the place of one.
    func replace(_ place: Int, _ message: Message) {
        remove(place)
        set(place, message)
    }

    /// Gives a message up.
    @inline(__always)
    func remove(_ place: Int) {
        let slot = messages + (place & (capacity - 1))
        assert(slot.pointee != nil, "a message is given up once")
        slot.pointee?.release()
        slot.pointee = nil
    }

    /// Moves a message to a place that has none.
    func move(from: Int, to: Int) {
        let source = messages + (from & (capacity - 1))
        let target = messages + (to & (capacity - 1))
        assert(target.pointee == nil, "messages move to free places")
        target.pointee = source.pointee
        source.pointee = nil
        guard let identifiers = fields.pointee.identifiers else { return }
        identifiers[to & (capacity - 1)] = identifiers[from & (capacity - 1)]
    }

    /// No place is in use any more: large blocks are given back.
    @inline(__always)
    func noteEmpty() {
        if capacity > Self.keptCapacityMax || fields.pointee.identifiers != nil { freeBlocks() }
    }

    /// Gives all messages up.
    func removeAll() {
        for index in 0..<capacity { messages[index]?.release() }
        freeBlocks()
    }

    private func freeBlocks() {
        fields.pointee.messages?.deallocate()
        fields.pointee.identifiers?.deallocate()
        fields.pointee = Fields()
    }

    private func grow(_ places: Range<Int>, to count: Int) {
        var larger = max(8, capacity)
        while larger < count { larger *= 2 }
        let block = UnsafeMutablePointer<Unmanaged<MessageStorage>?>.allocate(capacity: larger)
        block.initialize(repeating: nil, count: larger)
        if let old = fields.pointee.messages {
            for place in places { block[place & (larger - 1)] = old[place & (capacity - 1)] }
            old.deallocate()
        }
        if let old = fields.pointee.identifiers {
            let identifiers = UnsafeMutablePointer<UInt32>.allocate(capacity: larger)
            identifiers.initialize(repeating: 0, count: larger)
            for place in places { identifiers[place & (larger - 1)] = old[place & (capacity - 1)] }
            old.deallocate()
            fields.pointee.identifiers = identifiers
        }
        fields.pointee.messages = block
        fields.pointee.capacity = larger
    }

    /// The places among these that have a message; for assertions.
    func occupied(_ places: Range<Int>) -> [Int] {
        guard capacity > 0 else { return [] }
        return places.filter { messages[$0 & (capacity - 1)] != nil }
    }
}
