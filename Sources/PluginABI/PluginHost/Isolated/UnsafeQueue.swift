// SPDX-License-Identifier: Apache-2.0
// First come, first served, in a ring of memory of its own.

/// First come, first served, in a ring of memory of its own: elements are moved in and out, never copied.
///
/// `@unchecked Sendable`: it owns its memory, which nobody else knows.
struct UnsafeQueue<Element: Sendable>: ~Copyable, @unchecked Sendable {
    private var memory: UnsafeMutablePointer<Element>
    /// A power of two.
    private var capacity: Int
    private var head = 0
    /// What waits.
    private(set) var count = 0

    private static var capacityMin: Int { 16 }
    /// What is kept for later when nothing waits.
    private static var keptMax: Int { 8192 }

    init() {
        capacity = Self.capacityMin
        memory = .allocate(capacity: capacity)
    }

    deinit {
        let first = min(count, capacity - head)
        (memory + head).deinitialize(count: first)
        memory.deinitialize(count: count - first)
        memory.deallocate()
    }

    var isEmpty: Bool { count == 0 }

    private func place(_ index: Int) -> Int {
        assert(0...count ~= index, "an element there is, or the next one")
        return (head + index) & (capacity - 1)
    }

    @inline(__always)
    mutating func append(_ element: consuming Element) {
        if count == capacity { grow() }
        (memory + place(count)).initialize(to: element)
        count += 1
    }

    private mutating func grow() { move(to: capacity * 2) }

    private mutating func move(to other: Int) {
        assert(other >= count && other & (other - 1) == 0, "everything has room")
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: other)
        let first = min(count, capacity - head)
        larger.moveInitialize(from: memory + head, count: first)
        (larger + first).moveInitialize(from: memory, count: count - first)
        memory.deallocate()
        memory = larger
        capacity = other
        head = 0
    }

    /// The one that is next.
    var first: Element? { isEmpty ? nil : memory[head] }

    /// What one wants to know of the one that is next; nil if nothing waits.
    @inline(__always)
    func withFirst<Value>(_ body: (borrowing Element) -> Value) -> Value? {
        isEmpty ? nil : body(memory[head])
    }

    @inline(__always)
    mutating func removeFirst() -> Element? {
        guard !isEmpty else { return nil }
        let element = (memory + head).move()
        head = (head + 1) & (capacity - 1)
        count -= 1
        if count == 0, capacity > Self.keptMax { move(to: Self.capacityMin) }
        return element
    }

    /// All that wait, in order.
    var all: [Element] { (0..<count).map { memory[place($0)] } }

    /// Puts others in place of all that wait.
    mutating func replaceAll(with others: [Element]) {
        while removeFirst() != nil {}
        for element in others { append(element) }
    }
}
