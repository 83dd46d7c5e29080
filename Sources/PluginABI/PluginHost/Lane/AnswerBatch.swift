// SPDX-License-Identifier: Apache-2.0
// Answers on their way to the workers.

import Core

/// Answers on their way to the workers, collected so that each worker is woken once.
struct AnswerBatch {
    private var answers: [[(questionID: QuestionID, answer: HookAnswer)]]
    private var oldestAt: Int64 = 0
    /// An answer waits no longer than this for others.
    private static let nanosecondsMax: Int64 = 500_000

    init(workerCount: Int) {
        answers = Array(repeating: [], count: workerCount)
    }

    /// Adds an answer, and sends all when the first has waited long enough.
    mutating func add(_ answer: HookAnswer, to questionID: QuestionID, _ broker: Broker) {
        let now = MonotonicTime.nanoseconds()
        if oldestAt == 0 { oldestAt = now }
        answers[questionID.worker].append((questionID, answer))
        if now - oldestAt > Self.nanosecondsMax { flush(broker) }
    }

    /// Sends all answers that wait, if there are any old ones.
    mutating func flushIfOld(_ broker: Broker) {
        if oldestAt != 0, MonotonicTime.nanoseconds() - oldestAt > Self.nanosecondsMax {
            flush(broker)
        }
    }

    /// Sends all answers that wait.
    mutating func flush(_ broker: Broker) {
        guard oldestAt != 0 else { return }
        oldestAt = 0
        for index in answers.indices where !answers[index].isEmpty {
            broker.answer(answers[index], worker: index)
            answers[index] = []
        }
    }
}
