// SPDX-License-Identifier: Apache-2.0
// When and where to a bridge connects again.

import Config
import Testing

import struct TestSupport.SplitMix64

@testable import Core

@Suite("Reconnecting of a bridge")
struct BridgeBackoffTests {
    @Test("A fixed wait is always the same")
    func constant() {
        var generator = SplitMix64(seed: 1)
        var backoff = BridgeBackoff(BridgeRestartTimeout(base: 7, cap: 7))
        #expect(backoff.isConstant)
        for lasted in [nil, 0, 1000] as [Int64?] {
            let wait = backoff.next(afterLasting: lasted, &generator)
            #expect(wait == BridgeBackoff.Wait(milliseconds: 7000, isReset: false))
        }
    }

    @Test(
        "Waits grow at random between base and three times the last one, up to the cap",
        arguments: UInt64(1)...20
    )
    func jitter(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        var backoff = BridgeBackoff(BridgeRestartTimeout(base: 5, cap: 30))
        var previous: Int?
        var waits: Set<Int> = []
        for _ in 0..<50 {
            let wait = backoff.next(afterLasting: nil, &generator)
            let bound = min(30_000, previous.map { 3 * $0 } ?? 10_000)
            #expect(wait.milliseconds >= 5000 && wait.milliseconds <= bound, "seed \(seed)")
            #expect(!wait.isReset)
            previous = wait.milliseconds
            waits.insert(wait.milliseconds)
        }
        #expect(waits.count > 10, "seed \(seed): they differ")
    }

    @Test("A connection that was good for long enough begins anew")
    func stable() {
        var generator = SplitMix64(seed: 3)
        var backoff = BridgeBackoff(BridgeRestartTimeout(base: 5, cap: 300, stable: 60))
        for _ in 0..<20 { _ = backoff.next(afterLasting: 59, &generator) }
        let wait = backoff.next(afterLasting: 60, &generator)
        #expect(wait == BridgeBackoff.Wait(milliseconds: 5000, isReset: true))
        #expect(backoff.next(afterLasting: nil, &generator).milliseconds < 15_000)
    }

    @Test("The next address follows the last one, around the list")
    func rotation() {
        var rotation = BridgeAddressRotation(count: 3, isRoundRobin: false)
        var seen: [Int] = []
        for _ in 0..<4 {
            seen.append(rotation.index)
            rotation.noteEnd()
        }
        #expect(seen == [0, 1, 2, 0])
        #expect(rotation.looksForPrimary)
        rotation.notePrimary()
        #expect(rotation.index == 0 && !rotation.looksForPrimary)
    }

    @Test("With round robin no address is better than another")
    func roundRobin() {
        var rotation = BridgeAddressRotation(count: 2, isRoundRobin: true)
        rotation.noteEnd()
        #expect(rotation.index == 1 && !rotation.looksForPrimary)
        var only = BridgeAddressRotation(count: 1, isRoundRobin: false)
        only.noteEnd()
        #expect(only.index == 0 && !only.looksForPrimary)
    }
}
