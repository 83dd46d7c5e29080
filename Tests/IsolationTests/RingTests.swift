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

    @Test(
        "A head that there cannot be breaks the writer when it wants room, and then it writes nothing"
    )
    func brokenHead() {
        let memory = RingMemory()
        var writer = RingWriter(memory.ring)
        memory.head.pointee.store(1 << 40, ordering: .relaxed)
        let piece = [UInt8](repeating: 1, count: memory.ring.pieceMax)
        var count = 0
        while count < 100, write(piece, &writer) == piece.count { count += 1 }
        #expect(count == RingMemory.capacity / UnsafeRing.size(of: memory.ring.pieceMax))
        #expect(writer.isBroken)
        memory.head.pointee.store(0, ordering: .relaxed)
        #expect(write([1], &writer) == 0)
        var other = RingWriter(memory.ring)
        memory.head.pointee.store(8, ordering: .relaxed)
        let hasMuchRoom = other.hasMuchRoom()
        #expect(!hasMuchRoom && other.isBroken)
    }

    @Test("Plain answers come out as they went in, between records of all kinds")
    func plain() throws {
        let memory = RingMemory()
        var writer = RingWriter(memory.ring)
        var reader = RingReader(memory.ring, recordMax: 1 << 20)
        var random = SplitMix64(seed: 11)
        var record: [UInt8] = []
        for serial in 1...20_000 as ClosedRange<UInt64> {
            let answer = PlainAnswer(
                serial: serial,
                code: .random(in: .min ... .max, using: &random),
                nanoseconds: .random(in: .min ... .max, using: &random)
            )
            if serial % 3 == 0 {
                let bytes = [UInt8](repeating: 7, count: Int(serial) % 50 + 1)
                #expect(write(bytes, &writer) == bytes.count)
                let plain = try reader.nextPlain()
                let isRead = try reader.next(&record)
                #expect(plain == nil && isRead && record == bytes)
            } else if serial % 3 == 1 {
                let isWritten = writer.write(answer)
                let plain = try reader.nextPlain()
                #expect(isWritten && plain == answer)
            } else {
                let isWritten = writer.write(answer)
                let isRead = try reader.next(&record)
                #expect(isWritten && isRead)
                #expect(try AnswerRecord(record) == .answer(serial: serial, Answer(answer)))
            }
            let more = try reader.nextPlain()
            #expect(more == nil && reader.isEmpty)
            reader.publish()
        }
        while writer.write(PlainAnswer(serial: 1, code: 0, nanoseconds: 0)) {}
        #expect(!writer.isBroken)
    }

    @Test("A record is read where it lies, and is there until the writer may take its place")
    func inPlace() throws {
        let memory = RingMemory()
        var writer = RingWriter(memory.ring)
        var reader = RingReader(memory.ring, recordMax: 1 << 20)
        var record: [UInt8] = []
        var copies = 0
        for round in 0..<1000 {
            let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &+ round) }
            #expect(write(bytes, &writer) == bytes.count)
            if let view = try reader.nextInPlace() {
                #expect(Array(view) == bytes)
            } else {
                copies += 1
                let isRead = try reader.next(&record)
                #expect(isRead && record == bytes)
            }
            reader.publish()
        }
        #expect((1...10).contains(copies))
        let more = try reader.nextInPlace()
        #expect(more == nil)
    }

    @Test("What is wiped is gone, and what has taken its place is not")
    func wiping() {
        let memory = RingMemory()
        var writer = RingWriter(memory.ring)
        let secret = [UInt8](repeating: 0xAA, count: 100)
        _ = write(secret, &writer)
        let end = writer.tail
        writer.wipe(from: 0, to: end)
        let all = UnsafeRawBufferPointer(start: memory.bytes, count: RingMemory.capacity)
        #expect(!all.contains(0xAA))
        var other = RingWriter(memory.ring)
        var read: UInt64 = 0
        while read < UInt64(RingMemory.capacity) + end {
            read += UInt64(UnsafeRing.size(of: write(secret, &other)))
            memory.head.pointee.store(read, ordering: .relaxed)
        }
        other.wipe(from: 0, to: end)
        #expect(all.contains(0xAA))
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
