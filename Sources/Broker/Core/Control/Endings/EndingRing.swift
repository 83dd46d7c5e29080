// SPDX-License-Identifier: Apache-2.0
// The last of many, in a ring.

/// The last `capacity` elements that were added, the oldest of which gives way; pure.
///
/// Takes no memory before the first one.
struct EndingRing<Element> {
    /// How many are kept; fewer than there are lets the oldest go.
    private(set) var capacity: Int
    private var elements: [Element] = []
    /// The place of the oldest one when the ring is full.
    private var oldest = 0

    init(capacity: Int) {
        precondition(capacity >= 0, "there are no fewer than none")
        self.capacity = capacity
    }

    /// Adds one.
    mutating func add(_ element: @autoclosure () -> Element) {
        guard capacity > 0 else { return }
        if elements.count < capacity {
            elements.append(element())
        } else {
            elements[oldest] = element()
            oldest = (oldest + 1) % capacity
        }
    }

    /// Keeps so many from now on.
    mutating func setCapacity(_ capacity: Int) {
        guard capacity != self.capacity else { return }
        self = EndingRing(capacity: capacity, keeping: newestFirst)
    }

    private init(capacity: Int, keeping newestFirst: [Element]) {
        self.init(capacity: capacity)
        elements = newestFirst.prefix(capacity).reversed()
    }

    /// All that are kept, the newest first.
    var newestFirst: [Element] {
        Array((elements[oldest...] + elements[..<oldest]).reversed())
    }
}
