// SPDX-License-Identifier: Apache-2.0
// When reactors share a thread, and when they part.

import Testing

@testable import Net

@Suite("Policy of reactor groups")
struct GroupPolicyTests {
    private static let window = LoadMeter.window
    private static let second: Int64 = 1_000_000_000

    private var policy = GroupPolicy(reactorCount: 3)
    private var now = Self.second

    @Test("A reactor joins when two reports in a row say that its work fits on the shared thread")
    mutating func fits() {
        #expect(!report(0, busy: 0.3, processor: 0.3))
        #expect(!report(1, busy: 0.2, processor: 0.2))
        #expect(report(1, busy: 0.2, processor: 0.2))
    }

    @Test("A report between two others that would join begins the count anew")
    mutating func interrupted() {
        #expect(!report(1, busy: 0.2, processor: 0.2))
        #expect(!report(1, busy: 0.9, processor: 0.9))
        #expect(!report(1, busy: 0.2, processor: 0.2))
        #expect(report(1, busy: 0.2, processor: 0.2))
    }

    @Test("Work that does not fit on the shared thread stays where it is")
    mutating func doesNotFit() {
        for _ in 0..<10 {
            #expect(!report(0, busy: 0.5, processor: 0.5))
            #expect(!report(1, busy: 0.3, processor: 0.3))
        }
    }

    @Test("Who asks after another one has joined finds the shared thread busier by as much")
    mutating func next() {
        #expect(!report(0, busy: 0.1, processor: 0.1))
        #expect(!report(1, busy: 0.4, processor: 0.4))
        #expect(!report(2, busy: 0.4, processor: 0.4))
        #expect(report(1, busy: 0.4, processor: 0.4))
        #expect(!report(2, busy: 0.4, processor: 0.4))
    }

    @Test("What the shared thread did long ago says nothing of the present")
    mutating func stale() {
        #expect(!report(0, busy: 0.9, processor: 0.9))
        now += Self.second
        #expect(!report(1, busy: 0.3, processor: 0.3))
        #expect(report(1, busy: 0.3, processor: 0.3))
    }

    @Test(
        "A group whose thread has no time splits after four reports, a reactor that is alone has none to part from"
    )
    mutating func saturated() {
        for _ in 0..<8 { #expect(!report(0, busy: 1, processor: 1, isAlone: true)) }
        for _ in 0..<3 { #expect(!report(0, busy: 1, processor: 1)) }
        #expect(!report(0, busy: 0.8, processor: 0.8))
        part(hostShare: 1)
    }

    @Test(
        "Reactors that have threads of their own and get no more than the shared one did come back"
    )
    mutating func vain() {
        part(hostShare: 1)
        #expect(!report(0, busy: 0.6, processor: 0.5, queued: 0.2, isAlone: true))
        #expect(!report(1, busy: 0.6, processor: 0.5, queued: 0.2))
        #expect(report(1, busy: 0.6, processor: 0.5, queued: 0.2))
    }

    @Test("They stay apart where they get more, though they wait for processors")
    mutating func gain() {
        part(hostShare: 0.5)
        for _ in 0..<10 {
            #expect(!report(0, busy: 1, processor: 0.5, queued: 0.5, isAlone: true))
            #expect(!report(1, busy: 1, processor: 0.5, queued: 0.5))
        }
    }

    @Test("They stay apart where processors are idle, though they get no more")
    mutating func idleProcessors() {
        part(hostShare: 1)
        for _ in 0..<10 {
            #expect(!report(0, busy: 0.5, processor: 0.5, isAlone: true))
            #expect(!report(1, busy: 0.5, processor: 0.5))
        }
    }

    @Test("After splitting in vain a group waits for longer each time before it splits again")
    mutating func pauses() {
        var pauses: [Int64] = []
        for _ in 0..<8 {
            part(hostShare: 1)
            #expect(!report(1, busy: 1, processor: 0.4, queued: 0.6))
            #expect(report(1, busy: 1, processor: 0.4, queued: 0.6))
            let began = now
            while !report(0, busy: 1, processor: 1) {}
            pauses.append((now - began) / Self.second)
            // The reactors have parted once more; a second later that counts as vain again.
            now += Self.second
            #expect(!report(1, busy: 1, processor: 0.4, queued: 0.6))
            #expect(report(1, busy: 1, processor: 0.4, queued: 0.6))
            now += 40 * Self.second
        }
        #expect(pauses.first == 2)
        #expect(pauses == pauses.sorted())
        #expect(pauses.last == 32)
    }

    @Test("Where the work has become less a group may split again at once, however soon")
    mutating func lessWork() {
        for _ in 0..<5 {
            part(hostShare: 1)
            #expect(!report(1, busy: 0.1, processor: 0.1))
            #expect(report(1, busy: 0.1, processor: 0.1))
        }
    }

    @Test("After a split that was worth it a group may split again at once")
    mutating func worthIt() {
        part(hostShare: 1)
        now += 10 * Self.second
        #expect(!report(1, busy: 0.1, processor: 0.1))
        #expect(report(1, busy: 0.1, processor: 0.1))
        part(hostShare: 1)
    }

    private mutating func part(hostShare: Double) {
        for _ in 0..<3 { #expect(!report(0, busy: 1, processor: hostShare)) }
        #expect(report(0, busy: 1, processor: hostShare))
    }

    /// Reports the load of a reactor's thread a window after the last report; what follows from it.
    private mutating func report(
        _ index: Int,
        busy: Double,
        processor: Double,
        queued: Double = 0,
        isAlone: Bool = false
    ) -> Bool {
        now += Self.window
        let load = ThreadLoad(busy: busy, processor: processor, queued: queued)
        return index == 0
            ? policy.splits(load, isAlone: isAlone, now: now)
            : policy.joins(index, load, now: now)
    }
}
