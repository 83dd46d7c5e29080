// SPDX-License-Identifier: Apache-2.0
// Sets of message numbers against those of the standard library.

import Inflight
import TestSupport
import Testing

@testable import Core

@Suite("Sets of message numbers")
struct MessageNumberSetTests {
    @Test(
        "Has what was taken in, dense or far apart, and nothing else",
        arguments: 1...4 as ClosedRange<UInt64>
    )
    func model(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var set = MessageNumberSet()
        var model: Set<MessageNumber> = []
        for _ in 0..<20_000 {
            let isDense = Bool.random(using: &random)
            let counter = UInt64.random(
                in: 1...(isDense ? 5_000 : MessageNumbers.counterMax),
                using: &random
            )
            let number = MessageNumbers.make(
                reactor: UInt8.random(in: 0...3, using: &random),
                counter: counter
            )
            #expect(set.contains(number) == model.contains(number), "seed \(seed), \(number)")
            if Bool.random(using: &random) {
                set.insert(number)
                model.insert(number)
            }
        }
        #expect(model.allSatisfy(set.contains))
    }
}
