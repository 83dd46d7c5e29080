// SPDX-License-Identifier: Apache-2.0
// The parts of plugins in processes of their own that do no I/O.

import Core
import Results
import Testing

@testable import PluginHost

@Suite struct IsolatedTests {
    @Test("A process is started again at once, then ever later, and anew once one has lived long")
    func restarts() {
        var policy = RestartPolicy()
        var waits: [Int64] = []
        for _ in 0..<15 { waits.append(policy.waitAfterDeath(startedAt: 0, now: 1)) }
        #expect(waits.prefix(5) == [0, 10, 20, 40, 80])
        #expect(waits.last == RestartPolicy.waitMax)
        let settled = RestartPolicy.settledAfter
        #expect(policy.waitAfterDeath(startedAt: 0, now: settled - 1) == RestartPolicy.waitMax)
        #expect(policy.waitAfterDeath(startedAt: 0, now: settled) == 0)
        #expect(policy.waitAfterDeath(startedAt: 0, now: 1) == 10)
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
        var queue = Queue<Int>()
        var taken: [Int] = []
        for value in 0..<10_000 {
            queue.append(value)
            if value % 3 != 0, let first = queue.removeFirst() { taken.append(first) }
        }
        #expect(queue.count == 10_000 - taken.count)
        while let first = queue.removeFirst() { taken.append(first) }
        #expect(taken == Array(0..<10_000))
        #expect(queue.isEmpty && queue.first == nil)
    }
}
