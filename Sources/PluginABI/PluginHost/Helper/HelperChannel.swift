// SPDX-License-Identifier: Apache-2.0
// The helper's end of the channel to the broker.

import CBrokerShims
import Glibc
import Isolation
import Results
import Synchronization

/// The helper's end of the channel to the broker.
///
/// `@unchecked Sendable`: the memory stays mapped for the life of the process, its words are atomic, and
/// who writes into its rings does so under the lock.
final class HelperChannel: @unchecked Sendable {
    /// The writing ends of all rings of answers.
    private struct Writers: Sendable {
        var ends: [RingWriter]
        /// How often each ring was armed when its reader was woken last.
        var woken: [UInt64]
        /// Rings whose readers are to be woken.
        var unannounced: [Bool]
        var record = RecordWriter()
    }

    /// The end of the ring of replies, for whoever waits for one.
    private struct ReplyReader: Sendable {
        var end: RingReader
        var record: [UInt8] = []
    }

    let channel: UnsafeChannel
    /// What wakes each ring's reader.
    private let wakers: [CInt]
    private let writers: Mutex<Writers>
    private let replies: Mutex<ReplyReader>

    /// Bytes of the longest record the broker may write: a message with everything around it.
    static let recordMax = 300 << 20
    private static let roomWaitMicroseconds: UInt32 = 200
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
        let channel = channel
        writers = Mutex(
            Writers(
                ends: (0..<layout.ringCount).map { RingWriter(channel.answerRing($0)) },
                woken: Array(repeating: 0, count: layout.ringCount),
                unannounced: Array(repeating: false, count: layout.ringCount)
            )
        )
        replies = Mutex(
            ReplyReader(end: RingReader(channel.replyRing, recordMax: Self.recordMax))
        )
    }

    /// Writes a record; waits while the ring is full.
    ///
    /// - Parameter wakes: whether its reader learns of it at once, else with `announce`
    func send(_ record: AnswerRecord, ring: Int, wakes: Bool) {
        writers.withLock { writers in
            record.encode(into: &writers.record)
            var done = 0
            while true {
                done = writers.record.bytes.withUnsafeBytes {
                    writers.ends[ring].write($0, from: done)
                }
                writers.unannounced[ring] = true
                if done == writers.record.bytes.count { break }
                announce(&writers)
                _ = usleep(Self.roomWaitMicroseconds)
            }
            if wakes { announce(&writers) }
        }
    }

    /// Wakes the readers of all rings that something was written into.
    func announce() { writers.withLock { announce(&$0) } }

    /// The lock is held so that nobody writes behind a wake-up that others are about to give.
    private func announce(_ writers: inout Writers) {
        for ring in writers.unannounced.indices where writers.unannounced[ring] {
            writers.unannounced[ring] = false
            let word = channel.questionWord(channel.layout.arming(ring))
            let armed = word.pointee.load(ordering: .sequentiallyConsistent)
            guard writers.woken[ring] != armed else { continue }
            writers.woken[ring] = armed
            wake(ring)
        }
    }

    private func wake(_ ring: Int) {
        var one: UInt64 = 1
        while write(wakers[ring], &one, 8) < 0, errno == EINTR {}
    }

    /// Wakes the thread of the broker that looks after helpers.
    func wakeKeeper() { wake(channel.layout.serviceRing) }

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
