// SPDX-License-Identifier: Apache-2.0
// When a checkpoint is whole.

import Testing

@testable import Core

@Suite("Workers that finish their parts of a checkpoint")
struct CheckpointRestTests {
    @Test("It is whole when all have finished", arguments: 1...4)
    func all(count: Int) {
        var rest = CheckpointRest(number: 9, workerCount: count)
        for finished in 1...count {
            #expect(rest.finish(9) == (finished == count))
        }
        #expect(!rest.finish(9), "it is whole once")
    }

    @Test("What is finished of an earlier one does not count")
    func earlier() {
        var rest = CheckpointRest(number: 5, workerCount: 2)
        #expect(!rest.finish(5))
        rest = CheckpointRest(number: 9, workerCount: 2)
        #expect(!rest.finish(5))
        #expect(!rest.finish(9))
        #expect(!rest.finish(5))
        #expect(rest.finish(9))
    }

    @Test("Nothing is whole when none is under way")
    func none() {
        var rest = CheckpointRest()
        #expect(!rest.finish(0) && !rest.finish(1))
    }
}
