// SPDX-License-Identifier: Apache-2.0
// What is kept between two reads, against an array.

import Testing

@testable import Net

@Suite("Input remainder")
struct InputRemainderTests {
    @Test("Any order of operations keeps the bytes", arguments: SeededGenerator.seeds)
    func model(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var remainder = UnsafeInputRemainder()
        defer { remainder.clear() }
        var model: [UInt8] = []
        for _ in 0..<3000 {
            switch random.number(upTo: 5) {
            case 0:
                model = random.bytes(random.number(upTo: 5000))
                let isKept = model.withUnsafeBytes { remainder.replace(with: $0) }
                #expect(isKept)
            case 1...3:
                let more = random.bytes(1 + random.number(upTo: 3000))
                guard let room = remainder.reserve(more.count) else { return #expect(Bool(false)) }
                #expect(room.count >= more.count)
                room.copyBytes(from: more)
                remainder.commit(more.count)
                model += more
            case 4:
                let count = random.number(upTo: model.count)
                remainder.removeFirst(count)
                model.removeFirst(count)
            default:
                remainder.clear()
                model = []
            }
            #expect(remainder.bytes.elementsEqual(model) && remainder.count == model.count)
            #expect(remainder.checkInvariants())
        }
    }

    @Test("Without memory nothing is kept and nothing is written")
    func noMemory() {
        var remainder = UnsafeInputRemainder()
        let bytes: [UInt8] = [1, 2, 3]
        let isKept = bytes.withUnsafeBytes { remainder.replace(with: $0) }
        let room = remainder.reserve(1 << 60)
        #expect(isKept && room == nil)
        #expect(remainder.bytes.elementsEqual(bytes))
        remainder.clear()
        #expect(remainder.count == 0)
    }

    @Test("No more is committed or dropped than there is")
    func traps() async {
        await #expect(processExitsWith: .failure) {
            var remainder = UnsafeInputRemainder()
            _ = remainder.reserve(10)
            remainder.commit(100)
        }
        await #expect(processExitsWith: .failure) {
            var remainder = UnsafeInputRemainder()
            remainder.removeFirst(1)
        }
    }
}
