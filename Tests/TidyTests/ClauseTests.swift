// SPDX-License-Identifier: Apache-2.0
// Every numbered statement of the standards is accounted for.

import Testing

@Suite("Clauses of the standards")
struct ClauseTests {
    static let document = ConformanceDocument(
        SourceTree.file(ConformanceDocument.path)?.lines ?? []
    )

    /// The files below a folder that name each clause.
    static func tagged(in folder: String) -> [Clause: [SourceFile]] {
        var found: [Clause: [SourceFile]] = [:]
        for file in SourceTree.swiftFiles + SourceTree.files.filter(\.isC)
        where file.path.hasPrefix(folder) && !file.path.hasPrefix("Tests/TidyTests/") {
            for clause in Set(file.lines.flatMap { Clause.named(in: $0) }) {
                found[clause, default: []].append(file)
            }
        }
        return found
    }

    static let tests = tagged(in: "Tests/")
    static let sources = tagged(in: "Sources/")

    @Test("There are 251 clauses in 5.0 and 141 in 3.1.1", arguments: Clause.Standard.allCases)
    func counts(standard: Clause.Standard) {
        let count = Clause.all.count { $0.standard == standard }
        #expect(count == (standard == .v5 ? 251 : 141))
    }

    @Test("docs/conformance.md has each clause once, and no other")
    func complete() {
        let named = Self.document.rows.map(\.clause) + Self.document.clients
        let counts = Dictionary(named.map { ($0, 1) }, uniquingKeysWith: +)
        for clause in Clause.all.sorted() where counts[clause] != 1 {
            Issue.record("\(clause) is there \(counts[clause] ?? 0) times")
        }
        for clause in counts.keys.sorted() where !Clause.all.contains(clause) {
            Issue.record("\(clause) is no clause of its standard")
        }
    }

    @Test("Each clause of a server is shown by the tests its row names, or differs for a reason")
    func shown() {
        let migration = SourceTree.file("docs/migration.md")?.lines ?? []
        let explained = Set(migration.flatMap { Clause.named(in: $0) })
        for row in Self.document.rows {
            let files = Self.tests[row.clause]?.map(\.baseName) ?? []
            if row.tests.isEmpty, !row.isDifferent {
                Issue.record("\(row.clause) names no test")
            }
            for test in row.tests where !files.contains(test) {
                Issue.record("\(row.clause) does not stand in \(test).swift")
            }
            for file in Set(files).sorted() where !row.tests.contains(file) {
                Issue.record("\(row.clause) stands in \(file).swift as well: name it")
            }
            if row.isDifferent, !explained.contains(row.clause) {
                Issue.record("\(row.clause) differs: say so in docs/migration.md")
            }
        }
        let different = Set(Self.document.rows.filter(\.isDifferent).map(\.clause))
        for clause in explained.subtracting(different).sorted() {
            Issue.record("\(clause) stands in docs/migration.md, but its row knows no difference")
        }
    }

    @Test("Each clause of a server stands at the code that keeps to it")
    func implemented() {
        for row in Self.document.rows where Self.sources[row.clause] == nil {
            Issue.record("\(row.clause) stands nowhere in Sources")
        }
    }

    @Test("A tag names a clause that is there")
    func known() {
        for file in SourceTree.files + SourceTree.documents {
            for (index, line) in file.lines.enumerated() {
                for clause in Clause.named(in: line) where !Clause.all.contains(clause) {
                    Issue.record("\(file.path):\(index + 1): there is no \(clause)")
                }
            }
        }
    }

    @Test("Tags and rows are found")
    func parsing() {
        let known = "[MQTT-" + "3.1.2-8]"
        let old = "[MQTT311-" + "4.7.1-3]"
        #expect(Clause.named(in: "a \(known)\(old) [MQTT-3] b").map(\.description) == [known, old])
        let document = ConformanceDocument([
            "| \(known) | this | `One` `Two`. Difference: not `that` |",
            "| \(old) | this | Difference: none of it |", "## The client's", "\(known), \(old)",
        ])
        #expect(document.rows.map(\.tests) == [["One", "Two"], []])
        #expect(document.rows.map(\.isDifferent) == [true, true])
        #expect(document.clients.count == 2)
    }
}
