// SPDX-License-Identifier: Apache-2.0
// How a file was written, and the figures of what was read from one.

package import Inflight

/// What the file says of itself (CFG).
package struct DatabaseConfiguration: Sendable, Equatable {
    /// The last number given to a message; the next one must be higher.
    package var lastNumber: MessageNumber
    /// Whether the broker that wrote the file went down in order right after.
    package var isCleanShutdown: Bool

    package init(lastNumber: MessageNumber, isCleanShutdown: Bool) {
        self.lastNumber = lastNumber
        self.isCleanShutdown = isCleanShutdown
    }
}

/// How much of a file was taken over.
package struct RestoredCounts: Sendable, Equatable {
    package var messages = 0
    package var retained = 0
    package var clients = 0
    package var subscriptions = 0
    package var deliveries = 0

    package init() {}

    /// The five lines that are logged as information after a file was read, even a refused one.
    package var logLines: [String] {
        [
            "Restored \(messages) base messages", "Restored \(retained) retained messages",
            "Restored \(clients) clients", "Restored \(subscriptions) subscriptions",
            "Restored \(deliveries) client messages",
        ]
    }
}
