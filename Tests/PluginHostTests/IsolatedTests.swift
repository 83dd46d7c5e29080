// SPDX-License-Identifier: Apache-2.0
// The parts of plugins in processes of their own that do no I/O.

import Results
import TestSupport
import Testing

@testable import Core
@testable import PluginHost

@Suite struct IsolatedTests {
    @Test(
        "A process is started again at once, then ever later, and anew once one has answered a while"
    )
    func restarts() {
        var policy = RestartPolicy()
        func waits(_ count: Int, answeredFor time: Int64?) -> [Int64] {
            (0..<count).map { _ in policy.waitAfterDeath(answeredFor: time) }
        }
        let settled = RestartPolicy.settledAfter
        #expect(waits(7, answeredFor: settled - 1) == [0, 10, 20, 40, 80, 160, 250])
        #expect(waits(2, answeredFor: 0) == [250, 250])
        #expect(waits(3, answeredFor: nil) == [500, 1000, 2000])
        #expect(waits(10, answeredFor: nil).last == RestartPolicy.waitMax)
        #expect(waits(1, answeredFor: 0) == [RestartPolicy.answeringWaitMax])
        #expect(waits(3, answeredFor: settled) == [0, 0, 0])
        #expect(waits(2, answeredFor: nil) == [10, 20])
    }

    @Test("Lines are handed on, not too many each second, and the beginning of the last is kept")
    func output() {
        var output = HelperOutput()
        #expect(output.take(Array("one\ntw".utf8), now: 0) == ["one"])
        #expect(output.take(Array("o\n\n".utf8), now: 500) == ["two"])
        #expect(output.lastWords == "one|two||")
        let many = Array(String(repeating: "x\n", count: 1000).utf8)
        #expect(output.take(many, now: 700).count == HelperOutput.linesMax - 2)
        let next = output.take(Array("end".utf8), now: 1800)
        #expect(next == ["(902 more lines)"])
        #expect(output.end() == ["end"])
        #expect(output.lastWords == "end")
        let long = [UInt8](repeating: 1, count: HelperOutput.lineMax + 1)
        #expect(output.take(long, now: 9000).first?.utf8.count == HelperOutput.lineMax)
        #expect(output.lastWords.utf8.count == HelperOutput.keptMax)
    }

    @Test("A queue gives out in order what was put in, whatever happens in between")
    func queue() {
        var queue = UnsafeQueue<Int>()
        var taken: [Int] = []
        for value in 0..<10_000 {
            queue.append(value)
            if value % 3 != 0, let first = queue.removeFirst() { taken.append(first) }
        }
        let waiting = queue.count
        #expect(waiting == 10_000 - taken.count)
        let next = queue.first
        let all = queue.all
        #expect(next == taken.count && all == Array(taken.count..<10_000))
        while let first = queue.removeFirst() { taken.append(first) }
        #expect(taken == Array(0..<10_000))
        let isEmpty = queue.isEmpty && queue.first == nil
        #expect(isEmpty)
        for value in 0..<20 { queue.append(value) }
        queue.replaceAll(with: [7, 8])
        let replaced = queue.all
        #expect(replaced == [7, 8])
    }

    @Test("What is still in a queue goes with it, and nothing before")
    func queueOwnership() {
        final class Thing: Sendable {}
        weak var first: Thing?
        weak var last: Thing?
        do {
            var queue = UnsafeQueue<Thing>()
            for _ in 0..<100 {
                let thing = Thing()
                if first == nil { first = thing }
                last = thing
                queue.append(thing)
            }
            #expect(first != nil && last != nil)
            _ = queue.removeFirst()
            #expect(first == nil && last != nil)
        }
        #expect(last == nil)
    }

    @Test("Answers are given out in the order of the questions, whatever order they come in")
    func answerOrder() {
        var order = AnswerOrder()
        var random = SplitMix64(seed: 5)
        var given: [UInt64] = []
        var open: [UInt64] = []
        for serial in 1...5000 as ClosedRange<UInt64> {
            order.enter(QuestionID(worker: 0, serial: serial))
            open.append(serial)
            guard serial % 7 == 0 || serial == 5000 else { continue }
            let kept = serial == 5000 ? 0 : Int.random(in: 0..<7, using: &random)
            while open.count > kept {
                let place = Int.random(in: open.indices, using: &random)
                var released: AnswerOrder.Released = []
                let questionID = QuestionID(worker: 0, serial: open.remove(at: place))
                order.settle(questionID, .publishStored(isAllowed: true), into: &released)
                given += released.map(\.questionID.serial)
            }
        }
        #expect(given == Array(1...5000))
        #expect(order.count == 0)
    }
}
