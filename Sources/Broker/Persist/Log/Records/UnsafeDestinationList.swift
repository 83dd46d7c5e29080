// SPDX-License-Identifier: Apache-2.0
// A list of destinations in memory that is used again.

/// Destinations of a message, in memory of their own that stays for the next list.
///
/// An array would count a reference, and look whether it is shared, for each message. Adding may move
/// the memory: what `all` gave is valid until then.
package struct UnsafeDestinationList: ~Copyable {
    private var base: UnsafeMutablePointer<LogDestination>
    private var capacity = 4
    /// How many there are.
    package private(set) var count = 0

    /// An empty list.
    package init() { base = .allocate(capacity: capacity) }

    deinit { base.deallocate() }

    /// Whether there is none.
    package var isEmpty: Bool { count == 0 }

    /// All of them; lent until the list is changed.
    package var all: UnsafeBufferPointer<LogDestination> {
        UnsafeBufferPointer(start: base, count: count)
    }

    package subscript(index: Int) -> LogDestination {
        get {
            assert(index >= 0 && index < count, "it is in the list")
            return base[index]
        }
        _modify {
            assert(index >= 0 && index < count, "it is in the list")
            yield &base[index]
        }
    }

    /// Adds one at the end.
    package mutating func append(_ destination: LogDestination) {
        if count == capacity { grow(to: capacity * 2) }
        (base + count).initialize(to: destination)
        count += 1
    }

    /// Makes it another list.
    package mutating func assign(_ destinations: UnsafeBufferPointer<LogDestination>) {
        if destinations.count > capacity {
            count = 0
            grow(to: destinations.count)
        }
        count = destinations.count
        guard let source = destinations.baseAddress else { return }
        assert(source != base, "it is another list")
        base.update(from: source, count: count)
    }

    /// Empties it; the memory stays.
    package mutating func removeAll() { count = 0 }

    private mutating func grow(to wanted: Int) {
        assert(wanted > capacity && count <= wanted)
        let place = UnsafeMutablePointer<LogDestination>.allocate(capacity: wanted)
        place.update(from: base, count: count)
        base.deallocate()
        base = place
        capacity = wanted
    }
}
