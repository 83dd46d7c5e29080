// SPDX-License-Identifier: Apache-2.0
// Questions that were not answered at once, and their answers.

import Topics

extension Worker {
    /// Asks the plugins.
    ///
    /// `continuation` runs with the answer: before this returns when they answer at once, else when
    /// the answer has come. Returns the question's number when it has not.
    func ask(
        _ question: consuming HookQuestion,
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

    /// Answers have come.
    func take(_ answers: [(questionID: QuestionID, answer: HookAnswer)]) {
        guard !answers.isEmpty else { return }
        collect { _ in
            for (questionID, answer) in answers { take(answer, for: questionID) }
        }
    }

    /// An answer has come.
    func take(_ answer: HookAnswer, for questionID: QuestionID) {
        openQuestions.take(questionID.serial)?(answer)
    }
}
