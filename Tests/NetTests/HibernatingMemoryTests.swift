// SPDX-License-Identifier: Apache-2.0
// What is folded up comes out as it was, and who is awake is known.

import Glibc
import Testing

@testable import Net

@Suite("Memory that hibernates", .serialized)
struct HibernatingMemoryTests {
    @Test(
        "Packed words come back, however many of them are zero",
        arguments: [0, 1, 2, 63, 64, 65, 128, 1537],
        [0, 1, 2, 10, 1_000_000]
    )
    func roundTrip(count: Int, oneIn: Int) throws {
        var generator = SystemRandomNumberGenerator()
        let words = (0..<count).map { _ in
            oneIn > 0 && Int.random(in: 0..<oneIn, using: &generator) == 0
                ? UInt64.random(in: .min ... .max, using: &generator) : 0
        }
        let packed = try #require(words.withUnsafeBufferPointer { UnsafePackedMemory($0) })
        #expect(packed.wordCount == count)
        let kept = words.count { $0 != 0 }
        #expect(packed.byteCount == 8 + 8 * ((count + 63) / 64) + 8 * kept)
        let restored = [UInt64](unsafeUninitializedCapacity: count) { buffer, size in
            buffer.initialize(repeating: 0)
            if let start = buffer.baseAddress { packed.restore(to: start) }
            size = count
        }
        #expect(restored == words)
        packed.free()
    }

    @Test("A slot sleeps and wakes with the same bytes at the same addresses")
    func sleep() throws {
        HibernatingMemory.prepare()
        let slot = try #require(HibernatingMemory.takeSlot())
        var blocks: [(UnsafeMutableRawPointer, [UInt8])] = []
        for size in [1, 7608, 56, 16, 960, 33] {
            let block = try #require(slot.allocate(size))
            #expect(UInt(bitPattern: block) % 16 == 0)
            #expect(slot.size(of: block) >= size)
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 % 45 == 0 ? $0 : 0) }
            block.copyMemory(from: bytes, byteCount: size)
            blocks.append((block, bytes))
        }
        for _ in 0..<3 {
            let awake = HibernatingMemory.awakeByteCount
            let packed = try #require(slot.sleep())
            #expect(HibernatingMemory.awakeByteCount < awake)
            #expect(packed.byteCount < 4096)
            #expect(slot.liveCount == 0, "the pages are gone")
            slot.wake(packed)
            #expect(slot.liveCount == blocks.count)
            for (block, bytes) in blocks {
                #expect([UInt8](UnsafeRawBufferPointer(start: block, count: bytes.count)) == bytes)
            }
        }
        for (block, _) in blocks { slot.free(block) }
        #expect(slot.liveCount == 0)
        HibernatingMemory.giveBack(slot)
    }

    @Test("A slot that is full has no room, and what is freed last is used again")
    func full() throws {
        HibernatingMemory.prepare()
        let slot = try #require(HibernatingMemory.takeSlot())
        #expect(slot.allocate(HibernatingMemory.slotSize) == nil)
        #expect(slot.allocate(.max) == nil)
        var blocks: [UnsafeMutableRawPointer] = []
        while let block = slot.allocate(1000) { blocks.append(block) }
        #expect(blocks.count == (HibernatingMemory.slotSize - 16) / 1024)
        let last = try #require(blocks.last)
        blocks.removeLast()
        memset(last, 0x55, 1000)
        slot.free(last)
        let again = try #require(slot.allocate(1000))
        #expect(again == last)
        #expect([UInt8](UnsafeRawBufferPointer(start: again, count: 1000)).allSatisfy { $0 == 0 })
        for block in blocks + [again] { slot.free(block) }
        HibernatingMemory.giveBack(slot)
    }

    @Test("Slots are handed out once each, and again only when nothing is left in them")
    func slots() throws {
        HibernatingMemory.prepare()
        let slots = try (0..<600).map { _ in try #require(HibernatingMemory.takeSlot()) }
        #expect(Set(slots.map(\.base)).count == slots.count)
        let keeper = try #require(slots[0].allocate(10))
        for slot in slots { HibernatingMemory.giveBack(slot) }
        let others = try (0..<600).map { _ in try #require(HibernatingMemory.takeSlot()) }
        #expect(!others.contains { $0.base == slots[0].base })
        #expect(others.allSatisfy { $0.liveCount == 0 })
        slots[0].free(keeper)
        for slot in others { HibernatingMemory.giveBack(slot) }
    }
}

@Suite("Sessions that are awake")
struct WakefulSessionsTests {
    private static func sessions(_ count: Int) throws -> [TLSSession] {
        let context = try TLSContext(TLSOptions(), pool: HandshakePool(threadCount: 1))
        let peer = PeerAddress(sockaddr_storage(), path: nil)
        return (0..<count).map { _ in TLSSession(context, peer: peer) }
    }

    /// Runs turns until the round is over; returns how many there were.
    private static func round(_ wakeful: WakefulSessions, at now: Int64) -> Int {
        var turns = 1
        wakeful.turnEnding(at: now)
        while let due = wakeful.dueAt, due <= now {
            wakeful.turnEnding(at: now)
            turns += 1
        }
        return turns
    }

    @Test("Idle sessions fall asleep some per turn, and then there is nothing to wait for")
    func round() throws {
        let wakeful = WakefulSessions()
        wakeful.turnEnding(at: 0)
        #expect(wakeful.dueAt == nil)
        let sessions = try Self.sessions(100)
        for session in sessions { wakeful.insert(session) }
        wakeful.turnEnding(at: 1000)
        #expect(wakeful.dueAt == 1000 + WakefulSessions.interval)
        wakeful.turnEnding(at: 1000 + WakefulSessions.interval - 1)
        #expect(wakeful.count == 100)
        #expect(Self.round(wakeful, at: 1000 + WakefulSessions.interval) == 4)
        #expect(wakeful.count == 0)
        #expect(wakeful.dueAt == nil)
        #expect(sessions.allSatisfy { $0.wakefulIndex == nil })
    }

    @Test("Sessions may end and come while a round is under way", arguments: 1...20)
    func changes(seed: Int) throws {
        let wakeful = WakefulSessions()
        var sessions = try Self.sessions(200)
        for session in sessions[..<120] { wakeful.insert(session) }
        wakeful.turnEnding(at: 0)
        let due = WakefulSessions.interval
        wakeful.turnEnding(at: due)
        var late = sessions[120...]
        while let next = late.popFirst() {
            let index = Int.random(in: 0..<sessions.count)
            wakeful.remove(sessions[index])
            wakeful.insert(next)
            if late.count % 16 == seed % 16 { wakeful.turnEnding(at: due) }
            let listed = sessions.compactMap(\.wakefulIndex).sorted()
            #expect(listed == Array(0..<wakeful.count))
        }
        _ = Self.round(wakeful, at: due)
        _ = Self.round(wakeful, at: 2 * due)
        #expect(wakeful.count == 0)
        #expect(wakeful.dueAt == nil)
        sessions.removeAll()
    }
}
