// SPDX-License-Identifier: Apache-2.0
// The tables of docs/conformance.md.

/// What docs/conformance.md says of each clause.
struct ConformanceDocument {
    static let path = "docs/conformance.md"

    /// A row of its tables: `| clause | what it asks for | tests, difference |`.
    struct Row {
        let clause: Clause
        /// The names of test files, without extension.
        let tests: [String]
        /// Whether the broker deliberately does otherwise, entirely or in a part.
        let isDifferent: Bool
    }

    /// The clauses a server has to keep to.
    private(set) var rows: [Row] = []
    /// Those that say what a client does.
    private(set) var clients: [Clause] = []

    /// Reads the lines of the document.
    init(_ lines: [String]) {
        var isOfClients = false
        for line in lines {
            if line.hasPrefix("#") { isOfClients = line.has("client's") }
            if line.hasPrefix("| ["), let clause = Clause.named(in: line).first {
                let columns = line.split(separator: "|", omittingEmptySubsequences: false)
                let shown = columns.count > 3 ? String(columns[3]) : ""
                // What comes behind the tests is prose.
                let parts = shown.split(separator: "Difference", maxSplits: 1)
                let names = (parts.first ?? "").matches(of: #/`([A-Za-z0-9+]+)`/#)
                rows.append(
                    Row(
                        clause: clause,
                        tests: shown.trimmed.hasPrefix("Difference")
                            ? [] : names.map { String($0.output.1) },
                        isDifferent: shown.has("Difference")
                    )
                )
            } else if isOfClients {
                clients += Clause.named(in: line)
            }
        }
    }
}
