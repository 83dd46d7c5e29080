// SPDX-License-Identifier: Apache-2.0
// What a log says, for those who bring it back.

package import Inflight

/// A session that was brought back, without its messages and subscriptions.
package struct RecoveredSession: Sendable, Equatable {
    /// Its number in the log.
    package let number: SessionNumber
    package let identity: LogIdentity
    /// Seconds to live without a connection; 0: it has ended with the broker, and its will is due.
    package let expiryInterval: UInt32
    /// Second in which its client left; if it had not, the one in which the broker ended as it should,
    /// or else the one in which the next broker has started.
    package let detachedAt: Int64
    /// The name of the bridge it is of; nil for a client's.
    package let bridgeName: String?
    /// How many messages are on their way to it.
    package let outgoingCount: Int
}

/// The whole state that a log describes.
///
/// Messages stay where they stand in the log's bytes, which live as long as this object: copy what
/// is to be kept, and let go of it. Any thread may read, several at a time.
///
/// `@unchecked Sendable`: nothing is written after `init`, here or in the sessions it has.
package final class RecoveredLog: @unchecked Sendable {
    /// In the order of their numbers; the greatest of those that have one client identifier counts.
    package let sessions: [RecoveredSession]
    private let states: [ReplaySession]
    private let messages: MessageTable
    private let files: [LogBytes]
    private let identities: [SessionNumber: LogIdentity]
    /// The retained messages, as their topics came up, each with its version.
    package let retained: [(message: MessageNumber, version: UInt64)]
    /// The highest version of the retained store.
    package let retainedVersion: UInt64
    /// The last second since 1970 of which the log knows; 0 for none.
    package let clock: Int64
    /// How the broker has ended; nil if it did not end as it should.
    package let shutdown: LogShutdown?
    /// Where the log goes on.
    package let position: LogPosition
    /// The greatest numbers in use: new ones are above them.
    package let sessionMax: SessionNumber
    package let messageCounterMax: UInt64
    /// What was left out when repairing.
    package let losses: [LogLoss]
    /// Bytes at the end that were no whole frame, as after a power cut.
    package let cutByteCount: Int
    /// Bytes and records that were read.
    package let byteCount: Int
    package let recordCount: Int
    /// Records that had nothing to be about; none in a log that is whole.
    package let strayCount: Int
    /// What the first of them was.
    package let firstStray: String?
    /// Deliveries whose message is not in the log; none in a log that is whole.
    package let missingCount: Int

    init(
        _ replay: LogReplay,
        files: [LogBytes],
        position: LogPosition,
        losses: [LogLoss],
        cutByteCount: Int,
        byteCount: Int
    ) {
        let found = Self.newestByIdentifier(replay.sessions)
        sessions = found.map { number, session in
            RecoveredSession(
                number: number,
                identity: session.identity,
                expiryInterval: session.expiryInterval,
                detachedAt: session.detachedAt ?? replay.clock,
                bridgeName: session.bridgeName,
                outgoingCount: session.outgoingCount
            )
        }
        states = found.map(\.session)
        messages = replay.messages
        self.files = files
        identities = replay.identities
        retained = replay.retained.entries.compactMap { retained in
            retained.message.map { (replay.messages.number($0), retained.version) }
        }
        retainedVersion = replay.retained.versionMax
        clock = replay.clock
        shutdown = replay.shutdown
        sessionMax = replay.sessionMax
        messageCounterMax = replay.messages.counterMax
        self.losses = losses
        self.cutByteCount = cutByteCount
        self.byteCount = byteCount
        recordCount = replay.recordCount
        strayCount = replay.strayCount
        firstStray = replay.firstStray
        missingCount = found.reduce(0) { count, next in
            count + next.session.outgoing.count { replay.messages[$0.message] == nil }
                + next.session.received.count { replay.messages[$0.message] == nil }
        }
        // Without them the log's sequence numbers are others than those of the images.
        var position = position
        if missingCount > 0 { position.isReset = true }
        self.position = position
    }

    private static func newestByIdentifier(
        _ all: [(number: SessionNumber, session: ReplaySession)]
    ) -> [(number: SessionNumber, session: ReplaySession)] {
        // By their bytes: to a String, different identifiers may be the same text.
        var newest: [[UInt8]: SessionNumber] = [:]
        for (number, session) in all {
            newest[Array(session.identity.clientIdentifier.utf8)] = number
        }
        return all.filter { newest[Array($0.session.identity.clientIdentifier.utf8)] == $0.number }
    }

    /// Reads the log in a folder, or begins one there.
    ///
    /// `newLog` is drawn by lot, for a log that begins.
    package static func read(
        _ files: any LogFiles,
        _ reading: LogReading,
        newLog: UInt64
    ) throws(LogOpenError) -> RecoveredLog {
        try LogRecovery.run(files, reading, newLog: newLog)
    }

    /// How many messages the log names.
    package var messageCount: Int { messages.count }

    /// The place of a message, below `messageCount`; nil if the log does not name it.
    package func place(of number: MessageNumber) -> Int? { messages.find(number).map { Int($0) } }

    /// The message at a place, if it is in the log; its bytes live as long as this object.
    package func message(at place: Int) -> UnsafeLogMessage? { messages[UInt32(place)] }

    /// The message with a number, likewise.
    package func message(_ number: MessageNumber) -> UnsafeLogMessage? {
        place(of: number).flatMap(message(at:))
    }

    /// Who has published; nil if the log does not know.
    package func identity(_ publisher: SessionNumber) -> LogIdentity? { identities[publisher] }

    /// All of the session at a place of `sessions`, but for messages that are not there.
    ///
    /// The places of its `outgoing` are the sequence numbers the log goes on with.
    package func image(at place: Int) -> SessionImage {
        let state = states[place]
        var image = SessionImage(
            clientIdentifier: state.identity.clientIdentifier,
            userName: state.identity.userName,
            expiryInterval: state.expiryInterval,
            will: state.will
        )
        image.subscriptions = state.allSubscriptions
        image.outgoing = state.outgoing.compactMap { entry in
            guard messages[entry.message] != nil else { return nil }
            let progress: OutgoingImage.Progress =
                if entry.identifier == 0 {
                    .queued
                } else if entry.isReleased {
                    .released(identifier: entry.identifier)
                } else {
                    .published(identifier: entry.identifier)
                }
            return OutgoingImage(
                message: messages.number(entry.message),
                qos: entry.qos,
                isRetained: entry.isRetained,
                subscriptionIdentifier: entry.subscriptionIdentifier,
                progress: progress
            )
        }
        image.incoming = state.received.compactMap { received in
            guard messages[received.message] != nil else { return nil }
            return IncomingImage(
                identifier: received.identifier,
                message: messages.number(received.message)
            )
        }
        image.retainedPending = state.retainedPending
        image.lastIdentifier = state.lastIdentifier
        return image
    }
}
