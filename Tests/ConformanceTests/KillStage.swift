// SPDX-License-Identifier: Apache-2.0
// Where the clients of the kill test find the broker, and when they are done.

import Foundation
import TestSupport

/// Tells all clients where the broker listens now, and collects what they complain about.
final class KillStage: @unchecked Sendable {
    // `@unchecked Sendable`: every variable is only touched with `condition` locked.
    private let condition = NSCondition()
    private var port: Int?
    private var round = 0
    private var isEnding = false
    private var isOver = false
    private var found: [String] = []

    /// A broker that is there for a round.
    struct Place {
        let port: Int
        let round: Int
    }

    /// A broker is there.
    func open(_ port: Int) {
        condition.withLock {
            self.port = port
            round += 1
            condition.broadcast()
        }
    }

    /// The broker is about to be killed.
    func close() { condition.withLock { port = nil } }

    /// Nothing new is published; what has begun is brought to its end.
    func end() {
        condition.withLock {
            isEnding = true
            condition.broadcast()
        }
    }

    /// Nothing is published any more.
    func finish() {
        condition.withLock {
            isOver = true
            condition.broadcast()
        }
    }

    /// Whether the broker of this round has not been killed yet.
    func isOpen(_ round: Int) -> Bool { condition.withLock { port != nil && self.round == round } }

    var mayPublish: Bool { condition.withLock { !isEnding } }
    var hasFinished: Bool { condition.withLock { isOver } }

    /// Waits for a broker of a later round than `round`; nil when none comes.
    func place(after round: Int) -> Place? {
        let deadline = Date(timeIntervalSinceNow: 60)
        return condition.withLock {
            while true {
                if let port, self.round > round { return Place(port: port, round: self.round) }
                guard condition.wait(until: deadline) else { return nil }
            }
        }
    }

    func complain(_ text: String) { condition.withLock { found.append(text) } }

    var complaints: [String] { condition.withLock { found } }
}
