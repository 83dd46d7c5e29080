// SPDX-License-Identifier: Apache-2.0
// The memory between the broker and a helper: its words and rings by name.

import Synchronization

/// The memory between the broker and a helper; both pieces must stay mapped while this is used.
///
/// `@unchecked Sendable`: addresses, which stay mapped; words are atomic.
package struct UnsafeChannel: @unchecked Sendable {
    /// Where everything is.
    package let layout: ChannelLayout
    /// The memory the broker writes.
    package let questions: UnsafeMutableRawPointer
    /// The memory the helper writes.
    package let answers: UnsafeMutableRawPointer

    /// A channel over memory of the sizes that the layout says.
    package init(
        _ layout: ChannelLayout,
        questions: UnsafeMutableRawPointer,
        answers: UnsafeMutableRawPointer
    ) {
        assert(UInt(bitPattern: questions) % 4096 == 0, "mapped memory begins with a page")
        assert(UInt(bitPattern: answers) % 4096 == 0, "mapped memory begins with a page")
        self.layout = layout
        self.questions = questions
        self.answers = answers
    }

    /// A word of the memory of questions.
    package func questionWord(_ offset: Int) -> UnsafeRing.Word {
        UnsafeRing.word(at: questions + offset)
    }

    /// A word of the memory of answers.
    package func answerWord(_ offset: Int) -> UnsafeRing.Word {
        UnsafeRing.word(at: answers + offset)
    }

    /// The ring of questions.
    package var questionRing: UnsafeRing {
        UnsafeRing(
            bytes: questions + layout.questionRing,
            capacity: ChannelLayout.questionCapacity,
            head: answerWord(ChannelLayout.Answers.head),
            tail: questionWord(ChannelLayout.Questions.tail)
        )
    }

    /// The ring of replies.
    package var replyRing: UnsafeRing {
        UnsafeRing(
            bytes: questions + layout.replyRing,
            capacity: ChannelLayout.replyCapacity,
            head: answerWord(ChannelLayout.Answers.replyHead),
            tail: questionWord(ChannelLayout.Questions.replyTail)
        )
    }

    /// A ring of answers.
    package func answerRing(_ ring: Int) -> UnsafeRing {
        UnsafeRing(
            bytes: answers + layout.answerRing(ring),
            capacity: ChannelLayout.answerCapacity,
            head: questionWord(layout.answerHead(ring)),
            tail: answerWord(layout.answerTail(ring))
        )
    }
}
