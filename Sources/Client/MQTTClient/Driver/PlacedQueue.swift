// SPDX-License-Identifier: Apache-2.0
// What a client keeps for each place of a window.

/// Values by the places of a window, which rise by one; those at the front go first as a rule.
///
/// Invariants: the number of slots is a power of two, or 0; places in use lie in `first..<end`, of
/// which there are no more than slots.
struct PlacedQueue<Element> {
    private var slots: [Element?] = []
    /// The lowest place that may be in use.
    private var first = 0
    /// Behind the highest one.
    private var end = 0

    /// Whether there is no value.
    var isEmpty: Bool { first == end }

    /// Puts a value at a place, which is behind all that are in use.
    mutating func append(_ value: Element, at place: Int) {
        assert(place >= end, "places rise")
        if first == end {
            first = place
            end = place
        }
        if place - first >= slots.count { grow(place - first + 1) }
        slots[place & (slots.count - 1)] = value
        end = place + 1
    }

    /// The value at a place in use.
    subscript(place: Int) -> Element? {
        guard place >= first, place < end else { return nil }
        return slots[place & (slots.count - 1)]
    }

    /// Lends the value at a place, which `use` must not take away; nil where there is none.
    func withElement<Result>(at place: Int, _ use: (borrowing Element) -> Result) -> Result? {
        guard place >= first, place < end else { return nil }
        let index = place & (slots.count - 1)
        // A value with several references is not copied for this.
        return slots.withUnsafeBufferPointer { slots in
            switch slots[index] {
            case .some(let value): use(value)
            case .none: nil
            }
        }
    }

    /// Takes the value at a place away.
    mutating func remove(_ place: Int) -> Element? {
        guard place >= first, place < end else { return nil }
        let index = place & (slots.count - 1)
        let value = slots[index]
        slots[index] = nil
        while first < end, slots[first & (slots.count - 1)] == nil { first += 1 }
        return value
    }

    /// Moves a value to a place that is free, at or behind the one it has.
    mutating func move(from place: Int, to target: Int) {
        guard place != target else { return }
        assert(place >= first && place < end && target >= first && target < end, "inside")
        let mask = slots.count - 1
        slots[target & mask] = slots[place & mask]
        slots[place & mask] = nil
        while first < end, slots[first & mask] == nil { first += 1 }
    }

    /// Takes all values away, in the order of their places.
    mutating func removeAll(_ use: (Element) -> Void) {
        let values = (first..<end).compactMap { self[$0] }
        first = end
        slots = []
        for value in values { use(value) }
    }

    private mutating func grow(_ count: Int) {
        var size = max(16, slots.count)
        while size < count { size *= 2 }
        var larger = [Element?](repeating: nil, count: size)
        for place in first..<end { larger[place & (size - 1)] = slots[place & (slots.count - 1)] }
        slots = larger
    }
}
