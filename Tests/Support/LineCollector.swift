// SPDX-License-Identifier: Apache-2.0
// Collects what a process writes to a pipe, line by line, and lets tests wait for a line.

import Foundation
import Glibc

/// The lines written to one pipe so far.
///
/// A thread of its own reads the pipe until its writers are gone. Whoever asks for the lines also
/// reads what is in the pipe already, so that a line written before an event is there after it.
/// `@unchecked Sendable`: every stored variable is only touched with `condition` locked.
package final class LineCollector: @unchecked Sendable {
    private let condition = NSCondition()
    private let descriptor: CInt
    private var collected: [String] = []
    private var pending: Bytes = []
    private var hasEnded = false
    /// Whether the last line was written without a newline at its end.
    private var isLastOpen = false

    /// Takes over `descriptor`, the reading end of a pipe.
    package init(descriptor: CInt) {
        self.descriptor = descriptor
        let thread = Thread { [self] in
            while waitUntilReadable() { condition.withLock { drain() } }
            close(descriptor)
        }
        thread.stackSize = 256 * 1024
        thread.start()
    }

    /// Returns false at the end of the pipe.
    private func waitUntilReadable() -> Bool {
        guard !condition.withLock({ hasEnded }) else { return false }
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&entry, 1, -1)
        return true
    }

    /// Reads what is in the pipe; with `condition` locked.
    private func drain() {
        var chunk = Bytes(repeating: 0, count: 65536)
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let before = collected.count
        while !hasEnded, poll(&entry, 1, 0) > 0 {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return finish() }
            pending += chunk[..<count]
            var start = pending.startIndex
            while let end = pending[start...].firstIndex(of: 0x0A) {
                collected.append(String(decoding: pending[start..<end], as: UTF8.self))
                start = end + 1
            }
            pending.removeSubrange(..<start)
        }
        if collected.count > before { condition.broadcast() }
    }

    private func finish() {
        if !pending.isEmpty {
            collected.append(String(decoding: pending, as: UTF8.self))
            isLastOpen = true
        }
        hasEnded = true
        condition.broadcast()
    }

    /// All lines so far.
    package var lines: [String] {
        condition.withLock {
            drain()
            return collected
        }
    }

    /// All lines so far as one text, exactly as it was written.
    package var text: String {
        condition.withLock {
            drain()
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
