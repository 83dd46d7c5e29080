// SPDX-License-Identifier: Apache-2.0
// What mosquitto_pub --progress shows.

import Testing

@testable import ClientTools

@Suite("The line of --progress")
struct ProgressTests {
    @Test("it is due every quarter of a second, and says how many have gone and how fast")
    func line() {
        var progress = ProgressLine(now: 1000)
        #expect(progress.text(doneCount: 5, now: 1249) == nil)
        #expect(progress.deadline == 1250)
        #expect(progress.text(doneCount: 50, now: 1250) == "\r\u{1B}[K50 messages, 200/s")
        #expect(progress.text(doneCount: 50, now: 1499) == nil)
        #expect(progress.last(doneCount: 100, now: 2000) == "\r\u{1B}[K100 messages, 100/s\n")
        #expect(ProgressLine(now: 0).last(doneCount: 0, now: 0) == "\r\u{1B}[K0 messages, 0/s\n")
    }
}
