// SPDX-License-Identifier: Apache-2.0
// Collects what a process writes to a pipe, line by line, and lets tests wait for a line.

import Foundation
import Glibc

/// The lines written to one pipe so far.
///
/// A thread of its own reads the pipe until its writers are gone. `@unchecked Sendable`: every stored
/// variable is only touched with `condition` locked.
package final class LineCollector: @unchecked Sendable {
    private let condition = NSCondition()
    private var collected: [String] = []
    private var hasEnded = false
    /// Whether the last line was written without a newline at its end.
    private var isLastOpen = false

    /// Takes over `descriptor`, the reading end of a pipe.
    package init(descriptor: CInt) {
        let thread = Thread { [self] in
            readAll(descriptor)
            close(descriptor)
        }
        thread.stackSize = 256 * 1024
        thread.start()
    }

    private func readAll(_ descriptor: CInt) {
        var pending: Bytes = []
        var chunk = Bytes(repeating: 0, count: 65536)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { break }
            pending += chunk[..<count]
            var lines: [String] = []
            var start = pending.startIndex
            while let end = pending[start...].firstIndex(of: 0x0A) {
                lines.append(String(decoding: pending[start..<end], as: UTF8.self))
                start = end + 1
            }
            pending.removeSubrange(..<start)
            append(lines)
        }
        condition.withLock {
            if !pending.isEmpty {
                collected.append(String(decoding: pending, as: UTF8.self))
                isLastOpen = true
            }
            hasEnded = true
            condition.broadcast()
        }
    }

    private func append(_ lines: [String]) {
        guard !lines.isEmpty else { return }
        condition.withLock {
            collected += lines
            condition.broadcast()
        }
    }

    /// All lines so far.
    package var lines: [String] { condition.withLock { collected } }

    /// All lines so far as one text, exactly as it was written.
    package var text: String {
        condition.withLock {
            let whole = collected.joined(separator: "\n")
            return collected.isEmpty || isLastOpen ? whole : whole + "\n"
        }
    }

    /// Waits until a line at or after `start` satisfies `predicate`; nil when time or the pipe ends.
    package func wait(
        from start: Int = 0,
        seconds: Double,
        where predicate: (String) -> Bool
    ) -> String? {
        let deadline = Date(timeIntervalSinceNow: seconds)
        condition.lock()
        defer { condition.unlock() }
        var next = start
        while true {
            while next < collected.count {
                if predicate(collected[next]) { return collected[next] }
                next += 1
            }
            if hasEnded || !condition.wait(until: deadline) { return nil }
        }
    }

    /// Waits until all writers have closed the pipe; false when time runs out first.
    package func waitForEnd(seconds: Double) -> Bool {
        let deadline = Date(timeIntervalSinceNow: seconds)
        condition.lock()
        defer { condition.unlock() }
        while !hasEnded {
            if !condition.wait(until: deadline) { return hasEnded }
        }
        return true
    }
}
