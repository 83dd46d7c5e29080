// SPDX-License-Identifier: Apache-2.0
// Tables of text that fit a terminal.

/// A table of text: columns as wide as what is in them, up to a limit each.
struct TextTable {
    /// A column.
    struct Column {
        let title: String
        var widthMax = 40
        /// Whether its entries stand at the right, as numbers do.
        var isNumber = false
    }

    private let columns: [Column]
    private var rows: [[String]] = []

    init(_ columns: [Column]) { self.columns = columns }

    /// Adds a row; what there is nothing to say about is empty.
    mutating func add(_ row: [String]) {
        precondition(row.count == columns.count, "an entry for each column")
        rows.append(zip(row, columns).map { Self.cut($0, to: $1.widthMax) })
    }

    /// The lines, the titles first; columns in which nothing stands are left out.
    var lines: [String] {
        let used = columns.indices.filter { index in
            rows.isEmpty || rows.contains { !$0[index].isEmpty }
        }
        let widths = used.map { index in
            rows.reduce(columns[index].title.count) { max($0, $1[index].count) }
        }
        let all = [columns.map(\.title)] + rows
        return all.map { row in
            zip(used, widths).map { index, width in
                let blanks = String(repeating: " ", count: width - row[index].count)
                return columns[index].isNumber ? blanks + row[index] : row[index] + blanks
            }.joined(separator: "  ").trimmingEnd
        }
    }

    /// The text, or its beginning with a sign that there is more.
    private static func cut(_ text: String, to width: Int) -> String {
        text.count <= width ? text : text.prefix(width - 1) + "…"
    }
}
