// SPDX-License-Identifier: Apache-2.0
// Where everything lies in the memory that the broker and a helper share.

/// Where everything lies in the two pieces of memory that the broker and a helper share.
///
/// ```
/// questions: written by the broker          answers: written by the helper
///   0  tail of the questions                  0  head of the questions
///  64  tail of the replies                   64  head of the replies
/// 128  types of log lines that are on       128  whether the helper sleeps
/// 192  how often the broker wanted room     192  serial of the question begun last
/// 256  for each ring of answers:            256  records taken in all
///        head, how often it was armed       320  whether the first thread waits for room, and whether
///  …   ring of questions, ring of replies   384    another one does in the last ring of answers
///                                           448  for each ring of answers: tail
///                                            …   a ring of answers for each worker, one for the rest
/// ```
///
/// Each word has a cache line, all numbers are 64 bits long and in the byte order of the machine.
package struct ChannelLayout: Sendable, Equatable {
    /// Bytes of the ring of questions.
    package static let questionCapacity = 1 << 20
    /// Bytes of the ring of replies to what the helper asks.
    package static let replyCapacity = 1 << 18
    /// Bytes of each ring of answers.
    package static let answerCapacity = 1 << 17
    /// Most workers a layout is made for.
    package static let workerCountMax = 1024
    private static let line = 64
    private static let page = 4096

    /// The workers of the broker.
    package let workerCount: Int

    /// The layout for a broker of so many workers, from 1 to `workerCountMax`.
    package init(workerCount: Int) {
        precondition(
            1...Self.workerCountMax ~= workerCount,
            "a broker has workers, and not too many"
        )
        self.workerCount = workerCount
    }

    /// Rings of answers: one for each worker, and the last for what belongs to none.
    package var ringCount: Int { workerCount + 1 }
    /// The number of the ring that belongs to no worker.
    package var serviceRing: Int { workerCount }

    /// Offsets in the memory of questions.
    package enum Questions {
        /// The tail of the questions.
        package static let tail = 0
        /// The tail of the replies.
        package static let replyTail = 64
        /// The types of log lines that are on.
        package static let logTypes = 128
        /// How often the broker has wanted to know when there is room for questions or replies.
        package static let roomWanted = 192
        static let rings = 256
    }

    /// Offsets in the memory of answers.
    package enum Answers {
        /// The head of the questions.
        package static let head = 0
        /// The head of the replies.
        package static let replyHead = 64
        /// 1 while the helper sleeps, else 0.
        package static let isSleeping = 128
        /// The serial of the question whose callback was begun last.
        package static let begun = 192
        /// Records that were taken in all: stands still while a callback runs.
        package static let taken = 256
        /// 1 while the first thread waits for room in the ring of a worker, else 0.
        static let isFull = 320
        /// The same for the last ring of answers, and any thread.
        static let isServiceFull = 384
        static let rings = 448
    }

    private static func rounded(_ size: Int) -> Int { (size + page - 1) / page * page }

    private var questionHeader: Int { Self.rounded(Questions.rings + ringCount * Self.line) }
    private var answerHeader: Int { Self.rounded(Answers.rings + ringCount * Self.line) }

    /// Where the head of a ring of answers is, in the memory of questions.
    package func answerHead(_ ring: Int) -> Int {
        assert(0..<ringCount ~= ring, "a ring there is")
        return Questions.rings + ring * Self.line
    }

    /// Where it is counted how often a ring of answers was armed, in the memory of questions.
    package func arming(_ ring: Int) -> Int { answerHead(ring) + 8 }

    /// Where it is said that somebody waits for room in a ring of answers, in the memory of answers.
    package func roomWaiting(_ ring: Int) -> Int {
        ring == serviceRing ? Answers.isServiceFull : Answers.isFull
    }

    /// Where the tail of a ring of answers is, in the memory of answers.
    package func answerTail(_ ring: Int) -> Int {
        assert(0..<ringCount ~= ring, "a ring there is")
        return Answers.rings + ring * Self.line
    }

    /// Where the ring of questions is, in the memory of questions.
    package var questionRing: Int { questionHeader }
    /// Where the ring of replies is, in the memory of questions.
    package var replyRing: Int { questionHeader + Self.questionCapacity }
    /// Where a ring of answers is, in the memory of answers.
    package func answerRing(_ ring: Int) -> Int { answerHeader + ring * Self.answerCapacity }

    /// Bytes of the memory of questions.
    package var questionSize: Int { replyRing + Self.replyCapacity }
    /// Bytes of the memory of answers.
    package var answerSize: Int { answerRing(ringCount) }
}
