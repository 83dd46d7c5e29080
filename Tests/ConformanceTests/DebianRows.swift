// SPDX-License-Identifier: Apache-2.0
// The tables of exchanges with the broker that Debian ships, 2.0.11: the same answers but for those listed.

import TestSupport
import Testing

@Suite("The tables with Debian's broker", .enabled(if: Broker.Program.original.isInstalled))
struct DebianRows {
    private static let broker = Result {
        try Broker("listener %PORT% 127.0.0.1\nallow_anonymous true\n", of: .original, workers: 1)
    }

    @Test("Each row has the same answer, or the one that is listed", arguments: RowTable.all)
    func rows(table: RowTable) throws {
        let broker = try Self.broker.get()
        var listed = DebianDifferences.answers(in: table.testDescription)
        for row in table.rows {
            let expected = listed.removeValue(forKey: row.testDescription) ?? row.reaction.text
            let actual = try row.answer(
                of: broker,
                isFirst: table.isFirst,
                expected: expected
            )
            #expect(actual == expected, "\(row.testDescription)")
        }
        #expect(listed.isEmpty, "rows that are no more")
    }
}
