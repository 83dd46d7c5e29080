// SPDX-License-Identifier: Apache-2.0
// The output queue against a stream that remembers everything.

import CLinux
import Testing

@testable import Net

/// Units of the tests: a length of two bytes, big-endian, and as many bytes.
enum TestUnit {
    static let units = OutputUnits { bytes in 2 + Int(bytes[0]) << 8 + Int(bytes[1]) }

    static func make(_ content: [UInt8]) -> [UInt8] {
        [UInt8(content.count >> 8), UInt8(content.count & 0xFF)] + content
    }
}

/// Bytes that stay where they are for as long as somebody has them.
private final class OwnedBytes {
    let bytes: UnsafeMutableRawBufferPointer

    init(_ content: [UInt8]) {
        bytes = .allocate(byteCount: content.count, alignment: 1)
        bytes.copyBytes(from: content)
    }

    deinit { bytes.deallocate() }
}

/// What a queue should be: all bytes that wait, and where units end in them.
private struct OutputModel {
    var bytes: [UInt8] = []
    /// Counted from the front of `bytes`; one at 0 would be written.
    var ends: [Int] = []

    mutating func add(_ more: [UInt8], ends newEnds: [Int]) {
        ends += newEnds.map { bytes.count + $0 }
        bytes += more
    }

    mutating func advance(by count: Int) {
        bytes.removeFirst(count)
        ends = ends.map { $0 - count }.filter { $0 > 0 }
    }
}

@Suite("Output queue")
struct OutputQueueTests {
    @Test("Writes and sends in any order give the stream", arguments: SeededGenerator.seeds)
    func model(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let pool = BufferPool()
        let queue = UnsafeOutputQueue()
        var model = OutputModel()
        for _ in 0..<1500 {
            switch random.number(upTo: 9) {
            case 0...2: appendCopy(queue, pool, &model, &random)
            case 3: appendInPlace(queue, pool, &model, &random)
            case 4: appendShared(queue, &model, &random)
            case 5: appendReferenced(queue, pool, &model, &random)
            case 6...8: send(queue, &model, &random)
            default:
                queue.releaseIfEmpty(to: pool)
                if random.once(in: 20) {
                    queue.discard(to: pool)
                    model = OutputModel()
                }
            }
            #expect(queue.byteCount == model.bytes.count)
            #expect(queue.unitCount == model.ends.count)
            #expect(queue.isEmpty == model.bytes.isEmpty)
            #expect(queue.checkInvariants() && pool.checkInvariants())
        }
    }

    private func makeUnits(_ random: inout SeededGenerator) -> (bytes: [UInt8], ends: [Int]) {
        var bytes: [UInt8] = []
        var ends: [Int] = []
        for _ in 0...random.number(upTo: 5) {
            let limit = random.once(in: 5) ? 3000 : 20
            bytes += TestUnit.make(random.bytes(random.number(upTo: limit)))
            ends.append(bytes.count)
        }
        return (bytes, ends)
    }

    private func appendCopy(
        _ queue: borrowing UnsafeOutputQueue,
        _ pool: BufferPool,
        _ model: inout OutputModel,
        _ random: inout SeededGenerator
    ) {
        let (bytes, ends) = makeUnits(&random)
        bytes.withUnsafeBytes { queue.append($0, units: ends.count, from: pool) }
        model.add(bytes, ends: ends)
    }

    private func appendInPlace(
        _ queue: borrowing UnsafeOutputQueue,
        _ pool: BufferPool,
        _ model: inout OutputModel,
        _ random: inout SeededGenerator
    ) {
        let (bytes, ends) = makeUnits(&random)
        let place = queue.reserve(bytes.count + random.number(upTo: 500), from: pool)
        bytes.withUnsafeBytes { source in
            guard let base = source.baseAddress else { return }
            place.copyMemory(from: base, byteCount: source.count)
        }
        queue.commit(bytes.count, units: ends.count)
        model.add(bytes, ends: ends)
    }

    /// Shares units of which some bytes have gone out if nothing waits before them.
    private func appendShared(
        _ queue: borrowing UnsafeOutputQueue,
        _ model: inout OutputModel,
        _ random: inout SeededGenerator
    ) {
        let (bytes, ends) = makeUnits(&random)
        let written = model.bytes.isEmpty ? random.number(upTo: bytes.count - 1) : 0
        let shared = bytes.withUnsafeBytes { SharedBytes(copying: $0) }
        queue.append(shared, written: written, units: ends.count, endingAs: TestUnit.units)
        model.add(bytes, ends: ends)
        model.advance(by: written)
    }

    private func appendReferenced(
        _ queue: borrowing UnsafeOutputQueue,
        _ pool: BufferPool,
        _ model: inout OutputModel,
        _ random: inout SeededGenerator
    ) {
        let unit = TestUnit.make(random.bytes(100 + random.number(upTo: 3000)))
        let headCount = 2 + random.number(upTo: 20)
        let owner = OwnedBytes([UInt8](unit[headCount...]))
        let place = queue.reserve(headCount, from: pool)
        unit.withUnsafeBytes { source in
            guard let base = source.baseAddress else { return }
            place.copyMemory(from: base, byteCount: headCount)
        }
        queue.commit(headCount, units: 0)
        queue.append(endOfUnit: UnsafeRawBufferPointer(owner.bytes), of: owner)
        model.add(unit, ends: [unit.count])
    }

    /// Takes what a socket would, and compares the bytes.
    private func send(
        _ queue: borrowing UnsafeOutputQueue,
        _ model: inout OutputModel,
        _ random: inout SeededGenerator
    ) {
        var offered: [UInt8] = []
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: 8) { vectors in
            for vector in vectors[..<queue.describe(in: vectors)] {
                offered += UnsafeRawBufferPointer(start: vector.iov_base, count: vector.iov_len)
            }
        }
        #expect(offered == [UInt8](model.bytes.prefix(offered.count)))
        #expect(offered.isEmpty == model.bytes.isEmpty)
        let count = random.once(in: 3) ? offered.count : random.number(upTo: offered.count)
        queue.advance(by: count, endingAs: TestUnit.units)
        model.advance(by: count)
    }

    @Test("Bytes that do not count never make a unit, whatever they look like")
    func uncounted() {
        let pool = BufferPool()
        let queue = UnsafeOutputQueue()
        let bytes = [UInt8](repeating: 1, count: 100_000)
        bytes.withUnsafeBytes { queue.append($0, units: 0, from: pool) }
        for _ in 0..<99 {
            queue.advance(by: 1000, endingAs: TestUnit.units)
            #expect(queue.unitCount == 0)
        }
        #expect(queue.byteCount == 1000)
    }

    @Test("Units of which nobody knows the ends count until the last is written")
    func unknownEnds() {
        let pool = BufferPool()
        let queue = UnsafeOutputQueue()
        [UInt8](repeating: 7, count: 10).withUnsafeBytes { queue.append($0, units: 3, from: pool) }
        queue.advance(by: 9, endingAs: nil)
        #expect(queue.unitCount == 3)
        queue.advance(by: 1, endingAs: nil)
        #expect(queue.unitCount == 0 && queue.isEmpty)
    }

    @Test("The ends of units are asked for only when a write is partial")
    func asksSeldom() {
        let pool = BufferPool()
        let queue = UnsafeOutputQueue()
        var asked = 0
        func ends() -> OutputUnits? {
            asked += 1
            return TestUnit.units
        }
        let unit = TestUnit.make([1, 2, 3])
        for _ in 0..<100 { unit.withUnsafeBytes { queue.append($0, units: 1, from: pool) } }
        queue.advance(by: 500, endingAs: ends())
        #expect(asked == 0 && queue.unitCount == 0)
        unit.withUnsafeBytes { queue.append($0, units: 1, from: pool) }
        queue.advance(by: 2, endingAs: ends())
        #expect(asked == 1 && queue.unitCount == 1)
    }

    @Test("All memory is counted, and none is left when the queues are gone")
    func memory() async {
        // In a process of its own, where nobody else has any.
        await #expect(processExitsWith: .success) {
            do {
                let pool = BufferPool()
                let queue = UnsafeOutputQueue()
                _ = queue.reserve(5000, from: pool)
                queue.commit(5000, units: 1)
                precondition(HeldMemory.byteCount == 8192)
                let owner = OwnedBytes([1])
                queue.append(endOfUnit: UnsafeRawBufferPointer(owner.bytes), of: owner)
                _ = queue.reserve(1, from: pool)
                queue.commit(1, units: 1)
                precondition(HeldMemory.byteCount == 8192 + 2048)
                let copy = [UInt8](repeating: 1, count: 100).withUnsafeBytes {
                    SharedBytes(copying: $0)
                }
                precondition(HeldMemory.byteCount == 8192 + 2048 + copy.bytes.count)
                queue.append(copy, written: 0, units: 1, endingAs: nil)
            }
            precondition(HeldMemory.byteCount == 0)
        }
    }

    @Test("More than was reserved is not committed, more than waits not written")
    func traps() async {
        await #expect(processExitsWith: .failure) {
            let queue = UnsafeOutputQueue()
            _ = queue.reserve(10, from: BufferPool())
            queue.commit(5000, units: 1)
        }
        await #expect(processExitsWith: .failure) {
            let queue = UnsafeOutputQueue()
            queue.advance(by: 1, endingAs: nil)
        }
        await #expect(processExitsWith: .failure) {
            let pool = BufferPool()
            let block = pool.take(size: 2048)
            pool.give(block, size: 1024)
        }
    }
}
