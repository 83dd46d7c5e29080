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

    @Test("Any order of deadlines fires what a table would", arguments: SeededGenerator.seeds)
    func model(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var now: Int64 = 1000
        var wheel = TimerWheel(now: now)
        var model: [Int: Int64] = [:]
        for _ in 0..<3000 {
            let index = random.number(upTo: 60)
            switch random.number(upTo: 5) {
            case 0...2:
                let deadline = now + Int64(random.number(upTo: 600)) - 20
                wheel.set(index, deadline: deadline)
                model[index] = max(deadline, now + 1)
            case 3:
                wheel.clear(index)
                model[index] = nil
            default:
                now += Int64(random.number(upTo: random.once(in: 8) ? 700 : 3))
                let due = Set(model.filter { $0.value <= now }.keys)
                #expect(Self.fired(&wheel, at: now) == due)
                for index in due { model[index] = nil }
            }
            #expect(wheel.checkInvariants())
            #expect((wheel.nextSecond() == nil) == model.isEmpty)
            #expect(wheel.nextSecond() ?? .max <= model.values.min() ?? .max)
        }
    }

    @Test("Handlers set and clear deadlines while others fire", arguments: SeededGenerator.seeds)
    func reentrant(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var wheel = TimerWheel(now: 0)
        var model: [Int: Int64] = [:]
        for index in 0..<200 {
            let deadline = Int64(1 + random.number(upTo: 3) * 256 + random.number(upTo: 1))
            wheel.set(index, deadline: deadline)
            model[index] = deadline
        }
        for time in stride(from: Int64(1), through: 1200, by: 1) {
            while let index = wheel.popExpired(now: time) {
                #expect(model.removeValue(forKey: index) ?? .max <= time)
                let other = random.number(upTo: 199)
                if random.once(in: 2) {
                    wheel.clear(other)
                    model[other] = nil
                } else if random.once(in: 4) {
                    let deadline = time + 1 + Int64(random.number(upTo: 300))
                    wheel.set(other, deadline: deadline)
                    model[other] = deadline
                }
            }
            #expect(!model.values.contains { $0 <= time })
            #expect(wheel.checkInvariants())
        }
    }

    @Test("Ten thousand deadlines of one bucket fire in time, the far ones being looked at once")
    func crowd() {
        var wheel = TimerWheel(now: 0)
        for index in 0..<20_000 { wheel.set(index, deadline: index % 2 == 0 ? 5 : 5 + 256) }
        let began = Clock.monotonicNanoseconds()
        #expect(Self.fired(&wheel, at: 5).count == 10_000)
        #expect(Clock.monotonicNanoseconds() - began < 1_000_000_000)
        #expect(Self.fired(&wheel, at: 261).count == 10_000)
    }
}
