// SPDX-License-Identifier: Apache-2.0
// How many log lines there were.

/// Lines that were written, by type, and those that a destination has not taken.
package struct LogLineFigures: Sendable, Equatable {
    /// The types that are counted apart, with what they are called.
    package static let types: [(type: LogTypes, name: String)] = [
        (.error, "error"), (.warning, "warning"), (.notice, "notice"),
        (.information, "information"), (.debug, "debug"), (.subscribe, "subscribe"),
        (.unsubscribe, "unsubscribe"), (.websockets, "websockets"), (.internal, "internal"),
    ]

    /// Lines by the place of their type in `types`; the last one has all others.
    package private(set) var counts = [UInt64](repeating: 0, count: types.count + 1)
    /// Lines that a destination has not taken as a whole.
    package private(set) var lostCount: UInt64 = 0

    package init() {}

    mutating func note(_ type: LogTypes, isWritten: Bool) {
        counts[Self.types.firstIndex { $0.type == type } ?? Self.types.count] += 1
        if !isWritten { lostCount += 1 }
    }
}
