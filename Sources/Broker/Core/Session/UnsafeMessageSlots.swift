// SPDX-License-Identifier: Apache-2.0
// The messages of a window, by the places it gives them.

import Inflight

/// Messages by place.
///
/// A ring beside the one of the window, `place mod capacity`: a window keeps numbers, its owner the
/// messages. What goes with them has a block of its own, made for the first one that is not 0:
///
/// ```
/// 63 number that plugins know the message by: 32 | 0 | RETAIN | QoS: 2 | subscription identifier: 28
/// ```
/// QoS and RETAIN are there for plugins as well, which are told of a message when the window has given it up. Invariants: the owner sets a place once, and asks for it and removes it only while it is set;
/// every place that is set lies in the range that the last `reserve` was told, so no two of them
/// fall on one slot. Debug builds keep count of which are.
///
/// The fields lie behind a pointer: they are touched for every message, and a `let` needs no check
/// for exclusive access.
struct UnsafeMessageSlots: ~Copyable {
    private static let keptCapacityMax = 64

    private struct Fields {
        var messages: UnsafeMutablePointer<Unmanaged<MessageStorage>>?
        var extras: UnsafeMutablePointer<UInt64>?
        var capacity = 0
        #if DEBUG
        var occupied: Set<Int> = []
        #endif
    }

    private let fields: UnsafeMutablePointer<Fields>

    init() {
        fields = .allocate(capacity: 1)
        fields.initialize(to: Fields())
    }

    /// The owner has removed all messages.
    deinit {
        freeBlocks()
        fields.deinitialize(count: 1)
        fields.deallocate()
    }

    private var capacity: Int { fields.pointee.capacity }

    private func slot(_ place: Int) -> UnsafeMutablePointer<Unmanaged<MessageStorage>> {
        guard let messages = fields.pointee.messages else {
            preconditionFailure("slots were reserved")
        }
        return messages + (place & (capacity - 1))
    }

    private func isSet(_ place: Int) -> Bool {
        #if DEBUG
        fields.pointee.occupied.contains(place)
        #else
        true
        #endif
    }

    private func note(_ place: Int, isSet: Bool) {
        #if DEBUG
        if isSet {
            let isNew = fields.pointee.occupied.insert(place).inserted
            assert(isNew, "a place has one message")
        } else {
            let wasSet = fields.pointee.occupied.remove(place) != nil
            assert(wasSet, "a message is given up once")
        }
        #endif
    }

    /// Makes room for the places from `places`, which are in use, up to `end`.
    @inline(__always)
    func reserve(_ places: Range<Int>, upTo end: Int) {
        if end - places.lowerBound > capacity { grow(places, to: end - places.lowerBound) }
    }

    /// The message at a place.
    subscript(_ place: Int) -> Message {
        assert(isSet(place), "a place that is in use has a message")
        return Message(slot(place).pointee.takeUnretainedValue())
    }

    /// The same, without counting a reference to it.
    @inline(__always)
    func lent(_ place: Int) -> Unmanaged<MessageStorage> {
        assert(isSet(place), "a place that is in use has a message")
        return slot(place).pointee
    }

    /// Its number, without counting a reference to it.
    @inline(__always)
    func number(_ place: Int) -> MessageNumber {
        assert(isSet(place), "a place that is in use has a message")
        return slot(place).pointee._withUnsafeGuaranteedRef { $0.number }
    }

    /// The subscription identifier that goes with it; 0 for none.
    func subscriptionIdentifier(_ place: Int) -> UInt32 {
        guard let extras = fields.pointee.extras else { return 0 }
        return UInt32(truncatingIfNeeded: extras[place & (capacity - 1)]) & 0x0FFF_FFFF
    }

    /// The number that plugins know it by; 0 for none.
    func entry(_ place: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: (fields.pointee.extras?[place & (capacity - 1)] ?? 0) >> 32)
    }

    /// QoS and RETAIN flag that plugins were told.
    func toldForm(_ place: Int) -> (qos: UInt8, isRetained: Bool) {
        let bits = (fields.pointee.extras?[place & (capacity - 1)] ?? 0) >> 28
        return (UInt8(bits & 3), bits & 4 != 0)
    }

    /// Keeps a message at a reserved place that has none.
    @inline(__always)
    func set(_ place: Int, _ message: Message) {
        note(place, isSet: true)
        slot(place).initialize(to: .passRetained(message.storage))
    }

    /// Keeps the subscription identifier that goes with a message, which no plugin knows yet.
    @inline(__always)
    func set(_ place: Int, subscriptionIdentifier: UInt32) {
        if subscriptionIdentifier != 0 || fields.pointee.extras != nil {
            setExtra(place, UInt64(subscriptionIdentifier))
        }
    }

    /// Nothing goes with the messages that are about to be kept at these reserved places.
    @inline(__always)
    func clearExtras(_ first: Int, _ count: Int) {
        guard fields.pointee.extras != nil else { return }
        for place in first..<(first + count) { setExtra(place, 0) }
    }

    /// Plugins know the message at a place under a number.
    func set(_ place: Int, entry: UInt32, qos: UInt8, isRetained: Bool) {
        let form = UInt64(qos & 3) | (isRetained ? 4 : 0)
        let identifier = UInt64(subscriptionIdentifier(place))
        setExtra(place, UInt64(entry) << 32 | form << 28 | identifier)
    }

    private func setExtra(_ place: Int, _ extra: UInt64) {
        if fields.pointee.extras == nil {
            let block = UnsafeMutablePointer<UInt64>.allocate(capacity: capacity)
            block.initialize(repeating: 0, count: capacity)
            fields.pointee.extras = block
        }
        fields.pointee.extras?[place & (capacity - 1)] = extra
    }

    /// Puts another message in the place of one.
    func replace(_ place: Int, _ message: Message) {
        remove(place)
        set(place, message)
    }

    /// Gives a message up.
    @inline(__always)
    func remove(_ place: Int) {
        note(place, isSet: false)
        slot(place).pointee.release()
    }

    /// Moves a message to a place that has none.
    func move(from: Int, to: Int) {
        note(to, isSet: true)
        note(from, isSet: false)
        slot(to).initialize(to: slot(from).pointee)
        guard let extras = fields.pointee.extras else { return }
        extras[to & (capacity - 1)] = extras[from & (capacity - 1)]
    }

    /// No place is in use any more: large blocks are given back.
    @inline(__always)
    func noteEmpty() {
        if capacity > Self.keptCapacityMax || fields.pointee.extras != nil { freeBlocks() }
    }

    private func freeBlocks() {
        #if DEBUG
        assert(fields.pointee.occupied.isEmpty, "no message is forgotten")
        #endif
        fields.pointee.messages?.deallocate()
        fields.pointee.extras?.deallocate()
        fields.pointee.messages = nil
        fields.pointee.extras = nil
        fields.pointee.capacity = 0
    }

    private func grow(_ places: Range<Int>, to count: Int) {
        var larger = max(8, capacity)
        while larger < count { larger *= 2 }
        let block = UnsafeMutablePointer<Unmanaged<MessageStorage>>.allocate(capacity: larger)
        if let old = fields.pointee.messages {
            // Places that are not set are copied too, and mean nothing there either.
            for place in places { block[place & (larger - 1)] = old[place & (capacity - 1)] }
            old.deallocate()
        }
        if let old = fields.pointee.extras {
            let extras = UnsafeMutablePointer<UInt64>.allocate(capacity: larger)
            extras.initialize(repeating: 0, count: larger)
            for place in places { extras[place & (larger - 1)] = old[place & (capacity - 1)] }
            old.deallocate()
            fields.pointee.extras = extras
        }
        fields.pointee.messages = block
        fields.pointee.capacity = larger
    }

    /// The places that are set, in order; for assertions.
    var occupied: [Int] {
        #if DEBUG
        fields.pointee.occupied.sorted()
        #else
        []
        #endif
    }
}
