// SPDX-License-Identifier: Apache-2.0
// When a checkpoint is whole.

import Testing

@testable import Core

@Suite("Workers that finish their parts of a checkpoint")
struct CheckpointRestTests {
    /// What each of these says: whether all parts are done then.
    private func answers(_ rest: CheckpointRest, _ numbers: UInt64...) -> [Bool] {
        var rest = rest
        return numbers.map { rest.finish($0) }
    }

    @Test("It is whole when all have finished, and once")
    func all() {
        #expect(answers(CheckpointRest(number: 9, workerCount: 1), 9, 9) == [true, false])
        let three = CheckpointRest(number: 9, workerCount: 3)
        #expect(answers(three, 9, 9, 9, 9) == [false, false, true, false])
    }

    @Test("What is finished of an earlier one does not count")
    func earlier() {
        let rest = CheckpointRest(number: 9, workerCount: 2)
        #expect(answers(rest, 5, 9, 5, 9) == [false, false, false, true])
    }

    @Test("Nothing is whole when none is under way")
    func none() {
        #expect(answers(CheckpointRest(), 0, 1) == [false, false])
    }
}
