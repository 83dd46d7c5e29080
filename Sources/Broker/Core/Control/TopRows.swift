// SPDX-License-Identifier: Apache-2.0
// The first few of very many, by an order.

/// The first `limit` of the rows that were offered, by an order of their keys; pure.
///
/// A heap with the last of them at its top: offering one more costs a comparison, and for one that
/// belongs to them as many as the logarithm of `limit`.
struct TopRows<Key: Comparable, Value> {
    private let limit: Int
    private var heap: [(key: Key, value: Value)] = []

    /// Takes the first so many.
    init(limit: Int) {
        precondition(limit > 0, "there is a first one")
        self.limit = limit
    }

    /// The last key that is among them; nil while there is room for any.
    var bound: Key? { heap.count == limit ? heap[0].key : nil }

    /// Takes a row in if it belongs to the first ones; keys differ.
    mutating func offer(_ key: Key, _ value: @autoclosure () -> Value) {
        if heap.count < limit {
            heap.append((key, value()))
            rise(from: heap.count - 1)
        } else if key < heap[0].key {
            heap[0] = (key, value())
            sink()
        }
    }

    /// The first ones, in order.
    var sorted: [(key: Key, value: Value)] { heap.sorted { $0.key < $1.key } }

    private mutating func rise(from start: Int) {
        var place = start
        while place > 0 {
            let parent = (place - 1) / 2
            guard heap[parent].key < heap[place].key else { return }
            heap.swapAt(parent, place)
            place = parent
        }
    }

    private mutating func sink() {
        var place = 0
        while true {
            var largest = place
            for child in [2 * place + 1, 2 * place + 2]
            where child < heap.count && heap[largest].key < heap[child].key {
                largest = child
            }
            guard largest != place else { return }
            heap.swapAt(largest, place)
            place = largest
        }
    }
}
