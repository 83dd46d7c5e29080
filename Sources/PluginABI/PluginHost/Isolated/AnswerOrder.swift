// SPDX-License-Identifier: Apache-2.0
// Keeps the answers to a worker in the order of its questions.

import Core

/// Keeps the answers to a worker in the order of its questions, whoever is asked about them.
struct AnswerOrder {
    /// Answers that can be given out.
    typealias Released = [(questionID: QuestionID, answer: HookAnswer)]

    private struct Place {
        let questionID: QuestionID
        var answer: HookAnswer?
    }

    private var places: [Place] = []
    private var head = 0

    /// Questions whose answers have not been given out.
    var count: Int { places.count - head }

    /// A question is asked; its serial is above those of all before.
    mutating func enter(_ questionID: QuestionID) {
        assert(places.last.map { $0.questionID.serial < questionID.serial } ?? true, "serials rise")
        places.append(Place(questionID: questionID))
    }

    /// An answer has come; those that can be given out by now are appended to `released`.
    mutating func settle(
        _ questionID: QuestionID,
        _ answer: HookAnswer,
        into released: inout Released
    ) {
        guard head < places.count, places[head].questionID.serial == questionID.serial else {
            if let place = index(of: questionID.serial) { places[place].answer = answer }
            return
        }
        released.append((questionID, answer))
        head += 1
        while head < places.count, let answer = places[head].answer {
            released.append((places[head].questionID, answer))
            head += 1
        }
        if head == places.count {
            places.removeAll(keepingCapacity: places.count <= 8192)
            head = 0
        } else if head >= 1024, head * 2 >= places.count {
            places.removeFirst(head)
            head = 0
        }
    }

    private func index(of serial: UInt64) -> Int? {
        var (low, high) = (head, places.count)
        while low < high {
            let middle = (low + high) / 2
            if places[middle].questionID.serial < serial { low = middle + 1 } else { high = middle }
        }
        guard low < places.count, places[low].questionID.serial == serial else { return nil }
        return low
    }
}
