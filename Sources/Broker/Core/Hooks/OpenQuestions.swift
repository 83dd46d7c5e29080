// SPDX-License-Identifier: Apache-2.0
// What goes on when an answer comes.

/// Who goes on with an answer.
///
/// Answers come in crowds, and mostly in the order of their questions, so those who wait stand in a ring,
/// each in the place of its question's number. Who waits long gives up that place to others.
///
/// ```
///     older            first                       end
///   ┌───────┐            │                          │
///   │ 7, 12 │     ring: [ 41 | — | 43 | 44 | — | 46 ]      —: answered, at once or by now
///   └───────┘
/// ```
/// Invariant: the place of `first` is taken unless `first == end`; places from `end` on are free.
final class OpenQuestions {
    /// A continuation as it is kept: a collection of functions would put another one around each function
    /// that is taken out and put in.
    private struct Waiting {
        let proceed: (HookAnswer) -> Void
    }

    private static let capacityMin = 64
    private static let capacityMax = 1 << 16

    /// A power of two.
    private var ring: [Waiting?] = Array(repeating: nil, count: capacityMin)
    private var first: UInt64 = 0
    private var end: UInt64 = 0
    private var older: [UInt64: Waiting] = [:]
    private var lastSerial: UInt64 = 0
    /// Questions without an answer.
    private(set) var count = 0

    /// A number for a question about to be asked.
    func nextSerial() -> UInt64 {
        lastSerial += 1
        return lastSerial
    }

    private func place(of serial: UInt64) -> Int {
        Int(truncatingIfNeeded: serial) & (ring.count - 1)
    }

    /// Keeps what is to be done with the answer to the question whose number was given out last.
    func keep(_ serial: UInt64, _ continuation: @escaping (HookAnswer) -> Void) {
        assert(serial >= end, "questions are asked one after the other")
        count += 1
        while first < end, serial - first >= UInt64(ring.count) {
            if ring.count < Self.capacityMax { resize(to: ring.count * 2) } else { age() }
        }
        if first == end { first = serial }
        ring[place(of: serial)] = Waiting(proceed: continuation)
        end = serial + 1
    }

    /// The one who has waited longest goes elsewhere.
    private func age() {
        if let waiting = ring[place(of: first)] { older[first] = waiting }
        leave(first)
    }

    private func leave(_ serial: UInt64) {
        ring[place(of: serial)] = nil
        guard serial == first else { return }
        repeat { first += 1 } while first < end && ring[place(of: first)] == nil
    }

    private func resize(to size: Int) {
        let waiting = (first..<end).map { ($0, ring[place(of: $0)]) }
        ring = Array(repeating: nil, count: size)
        for (serial, one) in waiting { ring[place(of: serial)] = one }
    }

    /// Nobody waits any more.
    func forgetAll() {
        older = [:]
        ring = Array(repeating: nil, count: Self.capacityMin)
        first = end
        count = 0
    }

    /// Takes out what is to be done with an answer; nil when nobody waits any more.
    func take(_ serial: UInt64) -> ((HookAnswer) -> Void)? {
        if serial < first {
            guard let waiting = older.removeValue(forKey: serial) else { return nil }
            count -= 1
            return waiting.proceed
        }
        guard serial < end, let waiting = ring[place(of: serial)] else { return nil }
        count -= 1
        leave(serial)
        return waiting.proceed
    }
}
