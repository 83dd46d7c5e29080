// SPDX-License-Identifier: Apache-2.0
// Deadlines fire once, in time, and not after they were taken back.

import Testing

@testable import Net

@Suite("Timer wheel")
struct TimerWheelTests {
    private static func fired(_ wheel: inout TimerWheel, at now: Int64) -> Set<Int> {
        var indices: Set<Int> = []
        while let index = wheel.popExpired(now: now) { indices.insert(index) }
        return indices
    }

    @Test("A deadline fires in its second and only once", arguments: [1, 2, 255, 256, 257, 1000])
    func once(distance: Int64) {
        var wheel = TimerWheel(now: 100)
        wheel.set(3, deadline: 100 + distance)
        #expect(Self.fired(&wheel, at: 100 + distance - 1) == [])
        #expect(Self.fired(&wheel, at: 100 + distance) == [3])
        #expect(Self.fired(&wheel, at: 100 + distance + 1000) == [])
        #expect(wheel.nextSecond() == nil)
    }

    @Test("Clearing and moving")
    func moving() {
        var wheel = TimerWheel(now: 0)
        for index in 0..<10 { wheel.set(index, deadline: 5) }
        wheel.clear(4)
        wheel.set(7, deadline: 261)
        #expect(Self.fired(&wheel, at: 5) == [0, 1, 2, 3, 5, 6, 8, 9])
        #expect(Self.fired(&wheel, at: 260) == [])
        #expect(Self.fired(&wheel, at: 261) == [7])
    }
}
