// SPDX-License-Identifier: Apache-2.0
// The writing ends of rings of answers.

import CBrokerShims
import Glibc
import Isolation
import Synchronization

/// The writing ends of rings of answers; one thread at a time.
struct HelperWriter: ~Copyable {
    private struct End {
        var ring: RingWriter
        let waker: CInt
        /// How often the ring was armed when its reader was woken last.
        var woken: UInt64 = 0
        /// Whether something was written of which the reader may not know.
        var isUnannounced = false
    }

    private let channel: UnsafeChannel
    /// The number of the first ring.
    private let first: Int
    private var ends: [End]
    private var record = RecordWriter()
    private var hasUnannounced = false

    /// Nanoseconds after which it is looked again whether there is room, whatever the broker says.
    private static let roomWaitNanoseconds: Int64 = 1_000_000_000

    /// The ends of the rings of `wakers`, from `first` on.
    init(_ channel: UnsafeChannel, first: Int, wakers: ArraySlice<CInt>) {
        self.channel = channel
        self.first = first
        ends = wakers.enumerated().map { place, waker in
            End(ring: RingWriter(channel.answerRing(first + place)), waker: waker)
        }
    }

    private func place(of ring: Int) -> Int {
        assert(ends.indices ~= ring - first, "a ring of this writer")
        return ring - first
    }

    /// Writes an answer that is nothing but a code; false if there is no room at once.
    @inline(__always)
    mutating func write(_ answer: PlainAnswer, ring: Int) -> Bool {
        let place = place(of: ring)
        guard ends[place].ring.write(answer) else { return false }
        ends[place].isUnannounced = true
        hasUnannounced = true
        return true
    }

    /// Writes a record; waits while the ring is full.
    ///
    /// - Returns: whether it was
    mutating func send(_ sent: AnswerRecord, ring: Int) -> Bool {
        sent.encode(into: &record)
        let place = place(of: ring)
        var done = 0
        var hasWaited = false
        while true {
            if done < record.bytes.count {
                done = ends[place].ring.write(record.bytes, from: done)
                ends[place].isUnannounced = true
                hasUnannounced = true
            }
            if done == record.bytes.count { return hasWaited }
            hasWaited = true
            announce()
            waitForRoom(ring, &done)
        }
    }

    private mutating func waitForRoom(_ ring: Int, _ done: inout Int) {
        let isWaiting = channel.answerWord(channel.layout.roomWaiting(ring))
        let head = channel.questionWord(channel.layout.answerHead(ring))
        isWaiting.pointee.store(1, ordering: .sequentiallyConsistent)
        let seen = head.pointee.load(ordering: .sequentiallyConsistent)
        let before = done
        let place = place(of: ring)
        done = ends[place].ring.write(record.bytes, from: done)
        if done != before {
            ends[place].isUnannounced = true
            hasUnannounced = true
        } else {
            broker_word_wait(
                head,
                UInt32(truncatingIfNeeded: seen),
                Self.roomWaitNanoseconds
            )
        }
        isWaiting.pointee.store(0, ordering: .relaxed)
    }

    /// Wakes the readers of all rings that something was written into.
    mutating func announce() {
        guard hasUnannounced else { return }
        hasUnannounced = false
        // What was written must be there before it is looked whether the reader has armed the ring.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        for place in ends.indices where ends[place].isUnannounced {
            ends[place].isUnannounced = false
            let word = channel.questionWord(channel.layout.arming(first + place))
            let armed = word.pointee.load(ordering: .relaxed)
            guard ends[place].woken != armed else { continue }
            ends[place].woken = armed
            Self.wake(ends[place].waker)
        }
    }

    /// Wakes who waits for an event descriptor.
    static func wake(_ waker: CInt) {
        var one: UInt64 = 1
        while Glibc.write(waker, &one, 8) < 0, errno == EINTR {}
    }
}
