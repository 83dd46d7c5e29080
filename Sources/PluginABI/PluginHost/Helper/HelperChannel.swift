// SPDX-License-Identifier: Apache-2.0
// The helper's end of the channel to the broker.

import CBrokerShims
import Glibc
import Isolation
import Results
import Synchronization

/// The helper's end of the channel to the broker.
///
/// `@unchecked Sendable`: the memory stays mapped for the life of the process, and its words are atomic.
/// The rings of workers are written by the first thread alone, the last ring under the lock.
final class HelperChannel: @unchecked Sendable {
    /// The end of the ring of replies, for whoever waits for one.
    private struct ReplyReader: Sendable {
        var end: RingReader
        var record: [UInt8] = []
    }

    let channel: UnsafeChannel
    /// What wakes each ring's reader.
    private let wakers: [CInt]
    /// The rings of the workers, for the first thread.
    private var workers: HelperWriter
    /// The last ring, for all.
    private let service: Mutex<HelperWriter>
    private let replies: Mutex<ReplyReader>

    /// Bytes of the longest record the broker may write: a message with everything around it.
    static let recordMax = 300 << 20
    private static let replyWaitNanoseconds: Int64 = 1_000_000_000

    /// Maps what the broker has handed over: the memory, and a descriptor for each ring's reader.
    init?(workerCount: Int, questions: CInt, answers: CInt, wakers: [CInt]) {
        let layout = ChannelLayout(workerCount: workerCount)
        assert(wakers.count == layout.ringCount, "each ring has a reader")
        guard let questionMemory = broker_shared_memory_map(questions, layout.questionSize, false),
            let answerMemory = broker_shared_memory_map(answers, layout.answerSize, true)
        else { return nil }
        channel = UnsafeChannel(layout, questions: questionMemory, answers: answerMemory)
        self.wakers = wakers
        let last = layout.serviceRing
        workers = HelperWriter(channel, first: 0, wakers: wakers[..<last])
        service = Mutex(HelperWriter(channel, first: last, wakers: wakers[last...]))
        replies = Mutex(
            ReplyReader(end: RingReader(channel.replyRing, recordMax: Self.recordMax))
        )
    }

    /// Writes a record; waits while the ring is full.
    ///
    /// Into the ring of a worker only on the first thread.
    ///
    /// - Parameter wakes: whether its reader learns of it at once, else with `announce`
    /// - Returns: whether the ring was full
    @discardableResult
    func send(_ record: AnswerRecord, ring: Int, wakes: Bool) -> Bool {
        guard ring == channel.layout.serviceRing else {
            let wasFull = workers.send(record, ring: ring)
            if wakes { workers.announce() }
            return wasFull
        }
        return service.withLock { service in
            let wasFull = service.send(record, ring: ring)
            if wakes { service.announce() }
            return wasFull
        }
    }

    /// Writes an answer that is nothing but a code; on the first thread.
    ///
    /// False if it must be sent as a record.
    @inline(__always)
    func write(_ answer: PlainAnswer, ring: Int) -> Bool {
        ring != channel.layout.serviceRing && workers.write(answer, ring: ring)
    }

    /// Wakes the readers of all rings that something was written into; on the first thread.
    func announce() {
        workers.announce()
        service.withLock { $0.announce() }
    }

    /// Wakes the thread of the broker that looks after helpers.
    func wakeKeeper() { HelperWriter.wake(wakers[channel.layout.serviceRing]) }

    /// Asks the broker and waits; all parts of its reply, in order.
    func ask(_ request: Request) -> [Reply] {
        replies.withLock { reader in
            send(.request(request), ring: channel.layout.serviceRing, wakes: true)
            var parts: [Reply] = []
            while true {
                let reply = next(&reader)
                parts.append(reply)
                if !reply.isContinued { return parts }
            }
        }
    }

    private func next(_ reader: inout ReplyReader) -> Reply {
        let tail = channel.questionWord(ChannelLayout.Questions.replyTail)
        while true {
            let seen = UInt32(truncatingIfNeeded: tail.pointee.load(ordering: .acquiring))
            do throws(Nonsense) {
                if try reader.end.next(&reader.record) {
                    reader.end.publish()
                    let reply = try Reply(reader.record)
                    // What did not fit may come now.
                    if reply.isContinued { wakeKeeper() }
                    return reply
                }
            } catch {
                return Reply(code: ResultCode.unknown)
            }
            broker_word_wait(tail, seen, Self.replyWaitNanoseconds)
        }
    }
}
