// SPDX-License-Identifier: Apache-2.0
// The receive window against a dictionary.

import Inflight
import Testing

import struct TestSupport.SplitMix64

@Suite("ReceiveWindow against a model")
struct ReceiveWindowModelTests {
    @Test("Random operations have the same effect as on a dictionary", arguments: 1...8)
    func random(seed: UInt64) {
        let window = ReceiveWindow()
        var model: [UInt16: Int] = [:]
        var tokens: [Int: Int] = [:]
        var generator = SplitMix64(seed: seed)
        var cursor: UInt16 = UInt16(generator.next(below: 0xFFFF))
        let step = 1 + generator.next(below: 3)
        for token in 0..<6000 {
            if generator.next(below: 2) == 0, model.count < 300 {
                let isInOrder = generator.next(below: 10) < 8
                let advanced = Int(cursor) + step
                cursor = advanced > 0xFFFF ? UInt16(advanced - 0xFFFF) : UInt16(advanced)
                let identifier = isInOrder ? cursor : UInt16(1 + generator.next(below: 0xFFFF))
                verify((window.place(of: identifier) != nil) == (model[identifier] != nil))
                guard model[identifier] == nil else { continue }
                tokens[window.accept(identifier, byteCount: 1)] = token
                model[identifier] = token
            } else {
                release(window, &model, &tokens, &generator)
            }
            if window.isSparse {
                window.compact { from, to in
                    verify(tokens[to] == nil, "seed \(seed): the place is free")
                    tokens[to] = tokens.removeValue(forKey: from)
                }
            }
            window.checkInvariants()
            verify(window.count == model.count, "seed \(seed)")
            verify(tokens.count == model.count, "seed \(seed)")
        }
    }

    private func release(
        _ window: borrowing ReceiveWindow,
        _ model: inout [UInt16: Int],
        _ tokens: inout [Int: Int],
        _ generator: inout SplitMix64
    ) {
        var oldest: UInt16?
        for place in window.places {
            oldest = window.identifier(at: place)
            if oldest != nil { break }
        }
        let some = model.keys.randomElement(using: &generator)
        guard let oldest, let some else {
            verify(window.release(7) == nil)
            return
        }
        let isOldest = generator.next(below: 3) > 0
        let identifier = isOldest ? oldest : some
        var place: Int?
        let pubrel = [0x62, 2, UInt8(identifier >> 8), UInt8(identifier & 0xFF)]
        if isOldest, pubrel.withUnsafeBytes({ window.countReleases($0) }) == 1 {
            place = window.places.lowerBound
            window.removeOldest(1)
        } else {
            place = window.release(identifier)
        }
        guard let place else {
            Issue.record("\(identifier) is there")
            return
        }
        verify(tokens.removeValue(forKey: place) == model.removeValue(forKey: identifier))
        verify(window.place(of: identifier) == nil)
    }

    @Test("Releases in reverse order cost the same each")
    func reverse() {
        let window = ReceiveWindow()
        for identifier in 1...UInt16.max { _ = window.accept(identifier, byteCount: 1) }
        for identifier in (1...UInt16.max).reversed() {
            verify(window.release(identifier) != nil)
            if window.isSparse { window.compact { _, _ in } }
        }
        verify(window.isEmpty)
    }
}
