// SPDX-License-Identifier: Apache-2.0
// The memory that the broker shares with one helper.

import CBrokerShims
import Glibc
import Isolation
import Net
import Synchronization

/// The memory that the broker shares with one helper, mapped as long as this lives.
///
/// `@unchecked Sendable`: addresses are constant, words are atomic, and rings are touched under the lock
/// of the plugin alone.
final class HelperMemory: @unchecked Sendable {
    let channel: UnsafeChannel
    /// The descriptors that the helper gets.
    let questions: OwnedDescriptor
    let answers: OwnedDescriptor

    /// Makes memory for a broker of so many workers.
    init(workerCount: Int) throws(SystemError) {
        let layout = ChannelLayout(workerCount: workerCount)
        var questionMemory: UnsafeMutableRawPointer?
        let question = broker_shared_memory_make(layout.questionSize, true, &questionMemory)
        guard question >= 0, let questionMemory else { throw SystemError("memfd_create") }
        questions = OwnedDescriptor(question)
        var answerMemory: UnsafeMutableRawPointer?
        let answer = broker_shared_memory_make(layout.answerSize, false, &answerMemory)
        guard answer >= 0, let answerMemory else {
            let error = SystemError("memfd_create")
            broker_shared_memory_unmap(questionMemory, layout.questionSize)
            throw error
        }
        answers = OwnedDescriptor(answer)
        channel = UnsafeChannel(layout, questions: questionMemory, answers: answerMemory)
    }

    deinit {
        broker_shared_memory_unmap(channel.questions, channel.layout.questionSize)
        broker_shared_memory_unmap(channel.answers, channel.layout.answerSize)
    }

    /// Wakes the helper if it sleeps.
    func wakeIfAsleep() {
        let word = channel.answerWord(ChannelLayout.Answers.isSleeping)
        // What was written must be there before it is looked: the helper does it the other way round.
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        guard word.pointee.load(ordering: .relaxed) != 0 else { return }
        broker_word_wake(channel.questionWord(ChannelLayout.Questions.tail))
    }

    /// Wakes the helper if it waits for room in a ring of answers, of which something was read and armed
    /// since.
    func wakeIfFull(_ ring: Int) {
        let word = channel.answerWord(channel.layout.roomWaiting(ring))
        guard word.pointee.load(ordering: .sequentiallyConsistent) != 0 else { return }
        broker_word_wake(channel.questionWord(channel.layout.answerHead(ring)))
    }

    /// Wakes whoever waits for a reply.
    func wakeReplyWaiters() {
        broker_word_wake(channel.questionWord(ChannelLayout.Questions.replyTail))
    }
}
