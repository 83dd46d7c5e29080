// SPDX-License-Identifier: Apache-2.0
// The queue of deadlines against a dictionary.

import Testing
import Topics

import struct TestSupport.SplitMix64

@testable import Core

@Suite("DeadlineQueue")
struct DeadlineQueueTests {
    @Test(
        "Random operations have the same effect as on a dictionary",
        arguments: [UInt64(1), 2, 3]
    )
    func random(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        var queue = DeadlineQueue()
        var model: [UInt32: Int64] = [:]
        var now: Int64 = 1
        for _ in 0..<20_000 {
            switch generator.next(below: 4) {
            case 0, 1:
                let slot = UInt32(generator.next(below: 200))
                let due = now + Int64(generator.next(below: 500))
                queue.set(Self.handle(slot), at: due)
                model[slot] = due
            case 2:
                let slot = UInt32(generator.next(below: 200))
                queue.set(Self.handle(slot), at: 0)
                model[slot] = nil
            default:
                now += Int64(generator.next(below: 20))
                while let session = queue.pop(dueAt: now) {
                    let due = model.removeValue(forKey: session.slot)
                    #expect(due.map { $0 <= now } == true, "seed \(seed): it was due")
                }
                #expect(!model.values.contains { $0 <= now }, "seed \(seed): nothing is left")
            }
            queue.checkInvariants(isThorough: true)
            #expect(queue.count == model.count, "seed \(seed)")
            #expect(queue.first == model.values.min(), "seed \(seed)")
        }
    }

    @Test("A session that comes and goes leaves nothing behind")
    func comesAndGoes() {
        var queue = DeadlineQueue()
        for round in 1...100_000 {
            queue.set(Self.handle(7), at: Int64(round) + 1_000_000)
            queue.set(Self.handle(7), at: 0)
        }
        #expect(queue.count == 0 && queue.first == nil)
    }

    private static func handle(_ slot: UInt32) -> SessionHandle {
        SessionHandle(reactor: 0, slot: slot, generation: 1)
    }
}
