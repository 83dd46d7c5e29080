// SPDX-License-Identifier: Apache-2.0
// Questions that were not answered at once, and their answers.

import Topics

/// Who goes on with an answer.
final class OpenQuestions {
    private var continuations: [UInt64: (HookAnswer) -> Void] = [:]
    private var lastSerial: UInt64 = 0

    /// Questions without an answer.
    var count: Int { continuations.count }

    /// A number for a question about to be asked.
    func nextSerial() -> UInt64 {
        lastSerial += 1
        return lastSerial
    }

    /// Keeps what is to be done with the answer.
    func keep(_ serial: UInt64, _ continuation: @escaping (HookAnswer) -> Void) {
        continuations[serial] = continuation
    }

    /// Nobody waits any more.
    func forgetAll() { continuations = [:] }

    /// Takes out what is to be done with an answer; nil when nobody waits any more.
    func take(_ serial: UInt64) -> ((HookAnswer) -> Void)? {
        continuations.removeValue(forKey: serial)
    }
}

extension Worker {
    /// Asks the plugins.
    ///
    /// `continuation` runs with the answer: before this returns when they answer at once, else when
    /// the answer has come. Returns the question's number when it has not.
    func ask(
        _ question: HookQuestion,
        _ continuation: @escaping (HookAnswer) -> Void
    ) -> QuestionID? {
        guard let hooks else { return nil }
        let questionID = QuestionID(worker: index, serial: openQuestions.nextSerial())
        if let answer = hooks.ask(question, by: questionID) {
            continuation(answer)
            return nil
        }
        openQuestions.keep(questionID.serial, continuation)
        return questionID
    }

    /// Nobody waits for the answer any more.
    func forget(_ questionID: QuestionID) {
        guard openQuestions.take(questionID.serial) != nil else { return }
        hooks?.forget(questionID)
    }

    /// An answer has come.
    func take(_ answer: HookAnswer, for questionID: QuestionID) {
        openQuestions.take(questionID.serial)?(answer)
    }
}
