// SPDX-License-Identifier: Apache-2.0
// The state a session log describes.

package import Inflight
package import Persist
import Synchronization

/// What a session log says, with its messages made as they are asked for.
package final class RecoveredState: StoredState {
    private static let shardCount = 16

    private let log: RecoveredLog
    private let restorer: MessageRestorer
    /// Messages by place, spread so that workers seldom meet.
    private let shards: [MessageShard]

    package init(_ log: RecoveredLog, for broker: Broker) {
        self.log = log
        restorer = MessageRestorer(broker)
        let shardSize = log.messageCount / Self.shardCount + 1
        shards = (0..<Self.shardCount).map { _ in MessageShard(count: shardSize) }
    }

    package var clock: WallClock { restorer.clock }
    package var sessionCount: Int { log.sessions.count }
    package var retainedCount: Int { log.retained.count }

    package func clientIdentifier(at place: Int) -> String {
        log.sessions[place].identity.clientIdentifier
    }

    package func session(at place: Int) -> StoredSession {
        let session = log.sessions[place]
        return StoredSession(
            image: log.image(at: place),
            listenerPort: session.identity.listenerPort,
            detachedAt: session.detachedAt,
            bridgeName: session.bridgeName
        )
    }

    package func logNumber(at place: Int) -> SessionNumber { log.sessions[place].number }

    package func message(_ number: MessageNumber) -> Message? {
        log.place(of: number).flatMap { place in
            shards[place % Self.shardCount].message(place / Self.shardCount) { shard in
                make(place, number, &shard)
            }
        }
    }

    private func make(
        _ place: Int,
        _ number: MessageNumber,
        _ shard: inout MessageShard.Contents
    ) -> Message? {
        log.message(at: place).map { stored in
            restorer.message(
                topic: stored.topic,
                properties: stored.properties,
                payload: stored.payload,
                qos: stored.qos,
                isRetained: stored.isRetained,
                expiresAt: stored.expiresAt,
                publisher: shard.publisher(stored.publisher) { publisher in
                    log.identity(publisher).map { restorer.identity(StoredPublisher($0)) }
                },
                number: number
            )
        }
    }

    package func retained(at place: Int) -> MessageNumber { log.retained[place].message }
}

/// Some of the messages of a state, with a lock of their own.
private final class MessageShard: Sendable {
    struct Contents {
        /// By place; nil until somebody asks.
        var messages: [Message?]
        private var lastPublisher: (number: SessionNumber, identity: ClientIdentity?) = (0, nil)

        init(count: Int) { messages = [Message?](repeating: nil, count: count) }

        /// Whose messages come in a row is looked up once; 0 is the broker itself.
        mutating func publisher(
            _ number: SessionNumber,
            _ find: (SessionNumber) -> ClientIdentity?
        ) -> ClientIdentity? {
            if lastPublisher.number != number { lastPublisher = (number, find(number)) }
            return lastPublisher.identity
        }
    }

    private let contents: Mutex<Contents>

    init(count: Int) { contents = Mutex(Contents(count: count)) }

    /// The message at a place, made by the first who asks for it.
    func message(_ place: Int, _ make: (inout Contents) -> Message?) -> Message? {
        contents.withLock { contents in
            if let message = contents.messages[place] { return message }
            let made = make(&contents)
            contents.messages[place] = made
            return made
        }
    }
}

extension StoredPublisher {
    /// Who a publisher is, as the log has it.
    init(_ identity: LogIdentity) {
        self.init(
            clientIdentifier: identity.clientIdentifier,
            userName: identity.userName,
            listenerPort: identity.listenerPort
        )
    }
}
