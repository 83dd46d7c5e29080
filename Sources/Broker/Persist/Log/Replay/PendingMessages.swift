// SPDX-License-Identifier: Apache-2.0
// Messages that were accepted for a session and have not got there.

/// Messages whose home has yet to say what becomes of them, in the order of their acceptance.
///
/// A home takes them mostly in that order, but those of another publisher may be far behind; then a
/// table says where they are. All operations take constant time, on the average of many.
struct PendingMessages {
    /// One of them.
    struct Item {
        let message: UInt32
        let destination: LogDestination
        fileprivate var isOver = false
    }

    /// Messages that are looked at before a table is asked.
    private static let nearCount = 64

    private var items: [Item] = []
    /// Those before it are over.
    private var head = 0
    private var overCount = 0
    /// Places of each message that is not over, once looking for one has taken long.
    private var places: [UInt32: [Int]]?
    /// Messages that were looked at in search of one.
    private(set) var searchedCount = 0

    /// Adds one behind all others.
    mutating func append(_ message: UInt32, _ destination: LogDestination) {
        places?[message, default: []].append(items.count)
        items.append(Item(message: message, destination: destination))
    }

    /// Whether a message is among them.
    mutating func contains(_ message: UInt32) -> Bool { place(of: message) != nil }

    /// Removes a message, if it is there: the first if it is there several times.
    mutating func remove(_ message: UInt32) {
        guard let place = place(of: message) else { return }
        items[place].isOver = true
        overCount += 1
        places?[message]?.removeFirst()
        if places?[message]?.isEmpty == true { places?[message] = nil }
        while head < items.count, items[head].isOver { head += 1 }
        guard overCount * 2 > items.count else { return }
        items.removeAll { $0.isOver }
        head = 0
        overCount = 0
        places = nil
    }

    /// Those that are left, in order.
    var all: [Item] { items[head...].filter { !$0.isOver } }

    private mutating func place(of message: UInt32) -> Int? {
        for place in head..<min(head + Self.nearCount, items.count) {
            searchedCount += 1
            if items[place].message == message, !items[place].isOver { return place }
        }
        guard head + Self.nearCount < items.count else { return nil }
        if places == nil { places = table() }
        return places?[message]?.first
    }

    private mutating func table() -> [UInt32: [Int]] {
        var table: [UInt32: [Int]] = [:]
        for place in head..<items.count where !items[place].isOver {
            table[items[place].message, default: []].append(place)
        }
        searchedCount += items.count - head
        return table
    }
}
