// SPDX-License-Identifier: Apache-2.0
// Who waits for answers, beside a dictionary.

import TestSupport
import Testing

@testable import Core

@Suite("Open questions")
struct OpenQuestionsTests {
    /// Who was answered, in order.
    private final class Answered {
        var serials: [UInt64] = []
    }

    @Test("They are as a dictionary would have them, whoever is answered when", arguments: 0..<8)
    func model(seed: Int) {
        var generator = SplitMix64(seed: UInt64(seed))
        let questions = OpenQuestions()
        var model: Set<UInt64> = []
        let answered = Answered()
        for _ in 0..<20_000 {
            switch UInt64.random(in: 0..<10, using: &generator) {
            case 0..<4:
                let serial = questions.nextSerial()
                model.insert(serial)
                questions.keep(serial) { _ in answered.serials.append(serial) }
            case 4..<5:
                // Answered at once.
                for _ in 0..<Int.random(in: 1...200, using: &generator) {
                    _ = questions.nextSerial()
                }
            case 5..<9:
                // Mostly in order, one after another.
                guard let serial = model.min() else { break }
                expectOne(serial, questions, &model, answered)
            default:
                guard let serial = model.randomElement(using: &generator) else { break }
                expectOne(serial, questions, &model, answered)
                #expect(questions.take(serial) == nil, "taken already")
            }
            #expect(questions.count == model.count)
        }
        for serial in model.sorted() { expectOne(serial, questions, &model, answered) }
        #expect(questions.count == 0)
    }

    private func expectOne(
        _ serial: UInt64,
        _ questions: OpenQuestions,
        _ model: inout Set<UInt64>,
        _ answered: Answered
    ) {
        model.remove(serial)
        questions.take(serial)?(.publishStored(isAllowed: true))
        #expect(answered.serials.last == serial)
    }

    @Test("Who waits for long does not keep room for the millions that come and go")
    func stragglers() {
        let questions = OpenQuestions()
        let answered = Answered()
        let late = (0..<3).map { _ in
            let serial = questions.nextSerial()
            questions.keep(serial) { _ in answered.serials.append(serial) }
            return serial
        }
        for _ in 0..<300_000 {
            let serial = questions.nextSerial()
            questions.keep(serial) { _ in }
            questions.take(serial)?(.publishStored(isAllowed: true))
        }
        #expect(questions.count == 3)
        for serial in late.reversed() { questions.take(serial)?(.publishStored(isAllowed: false)) }
        #expect(answered.serials == late.reversed() && questions.count == 0)
    }

    @Test("What is given up is not gone on with")
    func forgotten() {
        let questions = OpenQuestions()
        let serial = questions.nextSerial()
        questions.keep(serial) { _ in Issue.record("nobody waits") }
        questions.forgetAll()
        #expect(questions.count == 0 && questions.take(serial) == nil)
        let next = questions.nextSerial()
        questions.keep(next) { _ in }
        #expect(questions.take(next) != nil)
    }
}
