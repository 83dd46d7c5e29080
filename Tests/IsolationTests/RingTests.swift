// SPDX-License-Identifier: Apache-2.0
// Rings between two processes: what goes in comes out, and nonsense is noticed.

import Synchronization
import TestSupport
import Testing

@testable import Isolation

/// Memory for a ring, freed with the test.
private final class RingMemory {
    static let capacity = 1 << 17
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
    let words = UnsafeMutableRawPointer.allocate(byteCount: 16, alignment: 8)

    init() {
        bytes.initializeMemory(as: UInt8.self, repeating: 0, count: Self.capacity)
        words.initializeMemory(as: UInt64.self, repeating: 0, count: 2)
    }

    deinit {
        bytes.deallocate()
        words.deallocate()
    }

    var head: UnsafeRing.Word { UnsafeRing.word(at: words) }
    var tail: UnsafeRing.Word { UnsafeRing.word(at: words + 8) }

    var ring: UnsafeRing {
        UnsafeRing(bytes: bytes, capacity: Self.capacity, head: head, tail: tail)
    }
}

@Suite struct RingTests {
    private func write(_ bytes: [UInt8], _ writer: inout RingWriter, from offset: Int = 0) -> Int {
        bytes.withUnsafeBytes { writer.write($0, from: offset) }
    }

    @Test("Records of all lengths come out as they went in, also around the end of the ring")
    func roundTrip() throws {
        let memory = RingMemory()
        var writer = RingWriter(memory.ring)
        var reader = RingReader(memory.ring, recordMax: 1 << 24)
        var random = SplitMix64(seed: 7)
        var record: [UInt8] = []
        for round in 0..<3000 {
            let count = Int.random(in: 1...(round % 10 == 0 ? 300_000 : 3000), using: &random)
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ round) }
            var done = write(bytes, &writer)
            while try !reader.next(&record) {
                reader.publish()
                #expect(done < bytes.count)
                done = write(bytes, &writer, from: done)
            }
            reader.publish()
            #expect(record == bytes)
            #expect(reader.isEmpty)
        }
        #expect(!writer.isBroken)
    }

    @Test("A full ring takes nothing until the reader says that there is room")
    func full() throws {
        let memory = RingMemory()
        var writer = RingWriter(memory.ring)
        var reader = RingReader(memory.ring, recordMax: 1 << 20)
        let bytes = [UInt8](repeating: 1, count: 1000)
        var count = 0
        while write(bytes, &writer) == bytes.count { count += 1 }
        #expect(count == RingMemory.capacity / UnsafeRing.size(of: 1000))
        var record: [UInt8] = []
        #expect(try reader.next(&record))
        #expect(write(bytes, &writer) == 0)
        reader.publish()
        #expect(write(bytes, &writer) == bytes.count)
    }

    @Test("A tail, a header or a length that there cannot be is nonsense", arguments: 0..<7)
    func nonsense(kind: Int) {
        let memory = RingMemory()
        var writer = RingWriter(memory.ring)
        var reader = RingReader(memory.ring, recordMax: 100)
        _ = write([1, 2, 3], &writer)
        switch kind {
        case 0: memory.tail.pointee.store(UInt64.max - 7, ordering: .relaxed)
        case 1: memory.tail.pointee.store(20, ordering: .relaxed)
        case 2: memory.tail.pointee.store(UInt64(RingMemory.capacity) + 8, ordering: .relaxed)
        case 3: memory.bytes.storeBytes(of: 0, as: UInt64.self)
        case 4: memory.bytes.storeBytes(of: 9, as: UInt64.self)
        case 5: memory.bytes.storeBytes(of: 3 | 2 << 32, as: UInt64.self)
        default: _ = write([UInt8](repeating: 0, count: 101), &writer)
        }
        var record: [UInt8] = []
        #expect(throws: Nonsense.self) {
            while try reader.next(&record) {}
        }
    }

    @Test("A head that there cannot be breaks the writer, which writes nothing")
    func brokenHead() {
        let memory = RingMemory()
        var writer = RingWriter(memory.ring)
        memory.head.pointee.store(8, ordering: .relaxed)
        #expect(write([1], &writer) == 0)
        #expect(writer.isBroken)
    }

    @Test("Nothing overlaps in the layout", arguments: [1, 2, 64, ChannelLayout.workerCountMax])
    func layout(workers: Int) {
        let layout = ChannelLayout(workerCount: workers)
        #expect(layout.answerHead(layout.ringCount - 1) + 16 <= layout.questionRing)
        #expect(layout.answerTail(layout.ringCount - 1) + 8 <= layout.answerRing(0))
        #expect(layout.questionRing + ChannelLayout.questionCapacity == layout.replyRing)
        #expect(layout.answerSize == layout.answerRing(0) + layout.ringCount << 17)
        #expect(layout.questionRing % 4096 == 0 && layout.answerRing(0) % 4096 == 0)
    }
}
