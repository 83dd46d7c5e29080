// SPDX-License-Identifier: Apache-2.0
// What mosquitto_pub --progress shows on a terminal.

/// How far a long run has come, on one line of a terminal that is written again and again.
package struct ProgressLine: Sendable {
    /// Milliseconds between two of them.
    package static let interval: Int64 = 250

    private let start: Int64
    private var due: Int64

    /// Begins at a time, in milliseconds of a clock that only goes forward.
    package init(now: Int64) {
        start = now
        due = now + Self.interval
    }

    /// When the next one is due.
    package var deadline: Int64 { due }

    /// The line, if it is due.
    package mutating func text(doneCount: Int, now: Int64) -> String? {
        guard now >= due else { return nil }
        due = now + Self.interval
        return line(doneCount: doneCount, now: now)
    }

    /// The line at the end, with the newline that ends it.
    package func last(doneCount: Int, now: Int64) -> String {
        line(doneCount: doneCount, now: now) + "\n"
    }

    private func line(doneCount: Int, now: Int64) -> String {
        let perSecond = doneCount * 1000 / Int(max(1, now - start))
        return "\r\u{1B}[K\(doneCount) messages, \(perSecond)/s"
    }
}
