// SPDX-License-Identifier: Apache-2.0
// Which part of a list is asked for.

/// Which part of a list is asked for: so many entries, behind a key.
struct PageRequest: Equatable, Sendable {
    /// How many an answer has at most, and where nothing is said.
    static let countMax = 1000
    static let countDefault = 100

    /// The list, which its cursors belong to.
    let list: ListNumber
    let count: Int
    /// What was listed last; nil for the first page.
    let after: RowKey?

    /// Reads what a command says of a list.
    init(_ arguments: ControlArguments, of list: ListNumber) throws(ControlFailure) {
        self.list = list
        let count = try arguments.integer("count", in: 1...Self.countMax)
        self.count = count ?? Self.countDefault
        guard let text = try arguments.text("cursor") else {
            after = nil
            return
        }
        guard let cursor = PageCursor(text), cursor.list == list else { throw .cursor }
        after = cursor.key
    }
}

extension ControlFailure {
    /// What was given as a cursor is none, or one of another list.
    static let cursor = ControlFailure("Invalid 'cursor': not one of a list in this order")
}
