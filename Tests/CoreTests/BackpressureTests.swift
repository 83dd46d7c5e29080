// SPDX-License-Identifier: Apache-2.0
// Who waits for a worker that is behind is told once, and not too early.

import Testing

import struct TestSupport.SplitMix64

@testable import Core

@Suite("Backpressure")
struct BackpressureTests {
    @Test(
        "Random operations have the same effect as on plain numbers",
        arguments: [UInt64(1), 2, 3]
    )
    func random(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        let backpressure = Backpressure()
        var sent: [Int] = []
        var waiting: Set<Int> = []
        for _ in 0..<20_000 {
            switch generator.next(below: 3) {
            case 0:
                sent.append(generator.next(below: 300_000))
                backpressure.add(sent[sent.count - 1])
            case 1 where !sent.isEmpty:
                let told = Set(backpressure.remove(sent.removeFirst()))
                let isLow = sent.reduce(0, +) < 512 << 10
                #expect(told == (isLow ? waiting : []), "seed \(seed)")
                waiting.subtract(told)
            default:
                let worker = generator.next(below: 8)
                let isLow = backpressure.await(by: worker)
                #expect(isLow == (sent.reduce(0, +) < 512 << 10), "seed \(seed)")
                waiting.insert(worker)
            }
            #expect(backpressure.isHigh == (sent.reduce(0, +) > 2 << 20), "seed \(seed)")
        }
    }
}
