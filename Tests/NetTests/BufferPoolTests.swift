// SPDX-License-Identifier: Apache-2.0
// Blocks are handed out once, and given back when nobody needs them.

import Testing

@testable import Net

@Suite("Buffer pool")
struct BufferPoolTests {
    @Test("No block is in two hands, in any order of use", arguments: SeededGenerator.seeds)
    func model(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let pool = BufferPool()
        var used: [(block: UnsafeMutableRawPointer, size: Int, mark: UInt8)] = []
        var now: Int64 = 0
        for step in 0..<2000 {
            if used.isEmpty || random.once(in: 2) {
                let size = BufferPool.blockSize(for: 1 << random.number(upTo: 19))
                let mark = UInt8(truncatingIfNeeded: step)
                let block = pool.take(size: size)
                #expect(!used.contains { $0.block == block })
                block.initializeMemory(as: UInt8.self, repeating: mark, count: size)
                used.append((block, size, mark))
            } else {
                let (block, size, mark) = used.remove(at: random.number(upTo: used.count - 1))
                let bytes = UnsafeRawBufferPointer(start: block, count: size)
                #expect(bytes.first == mark && bytes.last == mark)
                pool.give(block, size: size)
            }
            now += Int64(random.number(upTo: 50))
            pool.turnEnding(at: now)
            #expect(pool.checkInvariants())
        }
        for (block, size, _) in used { pool.give(block, size: size) }
    }

    @Test(
        "A block has the size that holds what is asked for",
        arguments: [
            (0, 2048), (2048, 2048), (2049, 4096), (262_144, 262_144), (262_145, 524_288),
            ((2 << 30) + 1, 4 << 30),
        ]
    )
    func sizes(count: Int, size: Int) {
        #expect(BufferPool.blockSize(for: count) == size)
    }

    @Test("After a burst the pool is empty again in two intervals, and asks for no third")
    func shrinks() async {
        await #expect(processExitsWith: .success) {
            let pool = BufferPool()
            let blocks = (0..<64).map { _ in pool.take(size: 16 << 10) }
            for block in blocks { pool.give(block, size: 16 << 10) }
            precondition(HeldMemory.byteCount == 64 * (16 << 10))
            pool.turnEnding(at: 0)
            precondition(pool.dueAt == BufferPool.trimInterval)
            pool.turnEnding(at: BufferPool.trimInterval - 1)
            pool.turnEnding(at: BufferPool.trimInterval)
            pool.turnEnding(at: 2 * BufferPool.trimInterval)
            precondition(HeldMemory.byteCount == 0)
            precondition(pool.dueAt == nil)
        }
    }

    @Test("What is used all the time stays")
    func keeps() {
        let pool = BufferPool()
        let first = pool.take(size: 2048)
        pool.give(first, size: 2048)
        for round in 0..<5 {
            let block = pool.take(size: 2048)
            #expect(block == first)
            pool.give(block, size: 2048)
            pool.turnEnding(at: Int64(round) * BufferPool.trimInterval)
        }
    }
}
