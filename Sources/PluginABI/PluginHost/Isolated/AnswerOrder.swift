// SPDX-License-Identifier: Apache-2.0
// Keeps the answers to a worker in the order of its questions.

import Core

/// Keeps the answers to a worker in the order of its questions, whoever is asked about them.
struct AnswerOrder {
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

    /// An answer has come; those that can be given out by now.
    mutating func settle(
        _ questionID: QuestionID,
        _ answer: HookAnswer
    ) -> [(questionID: QuestionID, answer: HookAnswer)] {
        guard let place = index(of: questionID.serial) else { return [] }
        places[place].answer = answer
        guard place == head else { return [] }
        var released: [(questionID: QuestionID, answer: HookAnswer)] = []
        while head < places.count, let answer = places[head].answer {
            released.append((places[head].questionID, answer))
            head += 1
        }
        if head == places.count {
            places.removeAll(keepingCapacity: places.count <= 1024)
            head = 0
        } else if head >= 1024, head * 2 >= places.count {
            places.removeFirst(head)
            head = 0
        }
        return released
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
