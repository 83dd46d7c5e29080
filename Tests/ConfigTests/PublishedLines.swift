// SPDX-License-Identifier: Apache-2.0
// The lines that a log publishes.

import Log
import Synchronization

/// What logs have published, one line after the other.
final class PublishedLines: Sendable {
    private let state = Mutex<[(topic: String, line: String)]>([])

    /// The lines with the topics they were published on.
    var all: [(topic: String, line: String)] { state.withLock { $0 } }

    /// The lines alone.
    var lines: [String] { all.map(\.line) }

    /// A log that publishes here and nowhere else.
    func log(
        types: LogTypes = LogConfiguration().types,
        format: LogFormat = .text,
        hasTimestamp: Bool = false
    ) -> Log {
        let log = Log()
        var configuration = LogConfiguration()
        configuration.destinations = .topic
        configuration.hasTimestamp = hasTimestamp
        configuration.types = types
        configuration.format = format
        log.configure(configuration)
        log.setTopicSink { [self] topic, line in state.withLock { $0.append((topic, line)) } }
        return log
    }
}
