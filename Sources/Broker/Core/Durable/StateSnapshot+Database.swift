// SPDX-License-Identifier: Apache-2.0
// A snapshot becomes a `mosquitto.db`.

import Config
import Inflight
import Persist

extension StateSnapshot {
    /// Writes the file, which takes the place of an old one when it is whole and on the disk.
    ///
    /// `report` gets a line for each record that the format cannot hold, which is left out. Blocks
    /// on the disk.
    func write(
        to path: String,
        _ configuration: Configuration,
        isCleanShutdown: Bool,
        clock: WallClock,
        report: (DatabaseWriteError) -> Void
    ) throws(DatabaseWriteError) {
        let messages = NumberedMessages(self)
        var writer = try DatabaseWriter(path: path)
        try writer.write(
            DatabaseConfiguration(
                lastNumber: MessageNumber(messages.all.count),
                isCleanShutdown: isCleanShutdown
            )
        )
        for (place, message) in messages.all.enumerated() {
            do throws(DatabaseWriteError) {
                try writer.write(message, number: MessageNumber(place + 1), clock)
            } catch {
                try Self.passOver(error, report)
            }
        }
        for snapshot in sessions.joined() {
            do throws(DatabaseWriteError) {
                try writer.write(snapshot.session, messages, configuration, clock)
            } catch {
                try Self.passOver(error, report)
            }
        }
        for message in retained.joined() {
            try writer.write(retained: messages.number(message.address))
        }
        try writer.finish()
    }

    /// Goes on after a record that the format cannot hold.
    private static func passOver(
        _ error: DatabaseWriteError,
        _ report: (DatabaseWriteError) -> Void
    ) throws(DatabaseWriteError) {
        guard error.operation == .represent else { throw error }
        report(error)
    }
}

/// The messages of a snapshot, each once, numbered from 1.
private struct NumberedMessages {
    private(set) var all: [Message] = []
    private var numbers: [MessageNumber: MessageNumber] = [:]

    init(_ snapshot: borrowing StateSnapshot) {
        for session in snapshot.sessions.joined() {
            for message in session.messages { add(message) }
        }
        for message in snapshot.retained.joined() { add(message) }
    }

    private mutating func add(_ message: Message) {
        let next = MessageNumber(all.count + 1)
        let number = numbers[message.address, default: next]
        guard number == next else { return }
        numbers[message.address] = next
        all.append(message)
    }

    /// The number of the message at an address.
    func number(_ address: MessageNumber) -> MessageNumber {
        guard let number = numbers[address] else {
            preconditionFailure("every message of a snapshot was numbered")
        }
        return number
    }

    /// The message with a number.
    subscript(_ number: MessageNumber) -> Message { all[Int(number) - 1] }
}

extension DatabaseWriter {
    fileprivate mutating func write(
        _ message: Message,
        number: MessageNumber,
        _ clock: WallClock
    ) throws(DatabaseWriteError) {
        let origin = message.origin
        let head = DatabaseMessage(
            number: number,
            expiryTime: clock.storedExpiry(message.expiresAt),
            sourceIdentifier: origin?.clientIdentifier ?? "",
            sourceUserName: origin?.userName,
            sourcePort: origin?.storedListenerPort ?? 0,
            qos: message.qos,
            isRetained: message.isRetained && !message.isOfSysTree
        )
        let failure = message.withPublication { publication -> DatabaseWriteError? in
            do throws(DatabaseWriteError) {
                try write(
                    head,
                    topic: RawSpan(_unsafeBytes: publication.topic),
                    properties: RawSpan(_unsafeBytes: publication.properties),
                    payload: RawSpan(_unsafeBytes: publication.payload)
                )
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    fileprivate mutating func write(
        _ stored: StoredSession,
        _ messages: NumberedMessages,
        _ configuration: Configuration,
        _ clock: WallClock
    ) throws(DatabaseWriteError) {
        var image = stored.image
        for place in image.outgoing.indices {
            image.outgoing[place].message = messages.number(image.outgoing[place].message)
        }
        for place in image.incoming.indices {
            image.incoming[place].message = messages.number(image.incoming[place].message)
        }
        let lifetime = configuration.lifetime(expiryInterval: image.expiryInterval)
        try write(
            image,
            expiryTime: lifetime == .max ? 0 : (stored.detachedAt ?? clock.now) + Int64(lifetime),
            listenerPort: stored.listenerPort,
            isRetained: { messages[$0].isRetained }
        )
    }
}

extension Configuration {
    /// How long a session lives without a connection, in seconds: its expiry interval, bounded by
    /// `persistent_client_expiration`; `UInt32.max`: for ever.
    package func lifetime(expiryInterval: UInt32) -> UInt32 {
        guard expiryInterval != 0, let bound = persistentClientExpiration else {
            return expiryInterval
        }
        return min(expiryInterval, UInt32(clamping: bound))
    }
}
