// SPDX-License-Identifier: Apache-2.0
// What clients of each listener are asked about, where every packet can look.

import Synchronization

/// What clients of each listener are asked and told about, as of now.
///
/// ```
/// | clients without listener | listener 0 | listener 1 | …        one word each: the events
/// ```
/// Hooks write it, workers read it for every packet: a load, instead of a call and the references that it counts. It lives
/// as long as the process, like the hooks. `@unchecked Sendable`: the words are atomics.
package struct UnsafeHookEvents: @unchecked Sendable {
    private let words: UnsafeMutablePointer<Atomic<UInt32>>
    private let count: Int

    /// A table for so many listeners, of which nobody wants anything.
    package init(listenerCount: Int) {
        count = listenerCount + 1
        words = .allocate(capacity: count)
        for index in 0..<count { (words + index).initialize(to: Atomic(0)) }
    }

    /// Puts other events in force; nil stands for clients without a listener.
    package func set(_ events: HookEvents, on listener: Int?) {
        let place = listener.map { $0 + 1 } ?? 0
        precondition(place < count, "a listener of the table")
        words[place].store(events.rawValue, ordering: .releasing)
    }

    /// What clients of a listener are asked about; of one that came later as those without.
    @inline(__always)
    func events(on listener: Int?) -> HookEvents {
        let place = listener.map { $0 &+ 1 } ?? 0
        assert(place >= 0, "listeners are counted from 0")
        let word = words[place < count ? place : 0].load(ordering: .acquiring)
        return HookEvents(rawValue: word)
    }
}
