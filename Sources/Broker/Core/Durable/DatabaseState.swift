// SPDX-License-Identifier: Apache-2.0
// The state a `mosquitto.db` describes.

import Glibc
package import Inflight
import Log
package import Persist
import SafeFiles

/// What a `mosquitto.db` says, with its messages made.
///
/// Constant after `read`.
package final class DatabaseState: StoredState {
    private let sessions: [StoredSession]
    private let messages: [MessageNumber: Message]
    private let retainedNumbers: [MessageNumber]
    /// Counter of the last of its messages, as the session log will number them.
    package let messageCounter: UInt64
    /// The clocks that its messages were made with.
    package let clock: WallClock

    fileprivate init(_ reading: consuming DatabaseReading, _ clock: WallClock) {
        reading.finish()
        sessions = reading.sessions
        messages = reading.messages
        retainedNumbers = reading.retained
        messageCounter = reading.messageCounter
        self.clock = clock
    }

    /// Reads a file; nil when there is none, or nothing in it.
    ///
    /// Logs what the original logs, the error too.
    package static func read(
        _ path: String,
        for broker: Broker
    ) throws(DatabaseReadError) -> DatabaseState? {
        let log = broker.log
        let descriptor: CInt
        do throws(FileError) {
            descriptor = try SensitiveFile.openForReading(path)
        } catch {
            if error.code == ENOENT { return nil }
            // The original begins with nothing, and replaces the file by and by.
            let reason: DatabaseReadError.Reason =
                error.code == 0 ? .notRegular : .readFailed(error.code)
            let found = DatabaseReadError(reason: reason, kind: nil, offset: 0)
            log.error(found.logLine)
            throw found
        }
        defer { _ = close(descriptor) }
        for line in SensitiveFile.warnings(for: descriptor, path: path) { log.warning(line) }
        let restorer = MessageRestorer(broker)
        var reading = DatabaseReading(restorer, broker.settings.configuration, log)
        var reader = DatabaseReader(descriptor: descriptor)
        do throws(DatabaseReadError) {
            try reader.read(into: &reading)
        } catch {
            log.error(error.logLine)
            if error.reason == .unrecognisedFormat { logCounts(reading.counts, log) }
            throw error
        }
        guard !reading.isEmpty else { return nil }
        logCounts(reading.counts, log)
        return DatabaseState(reading, restorer.clock)
    }

    private static func logCounts(_ counts: RestoredCounts, _ log: Log) {
        for line in counts.logLines { log.info(line) }
    }

    package var sessionCount: Int { sessions.count }
    package var retainedCount: Int { retainedNumbers.count }

    package func clientIdentifier(at place: Int) -> String {
        sessions[place].image.clientIdentifier
    }

    package func session(at place: Int) -> StoredSession { sessions[place] }

    package func message(_ number: MessageNumber) -> Message? { messages[number] }

    package func retained(at place: Int) -> MessageNumber { retainedNumbers[place] }
}
