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
    /// Messages by number, spread so that workers seldom meet.
    private let shards: [MessageShard]

    package init(_ log: RecoveredLog, for broker: Broker) {
        self.log = log
        restorer = MessageRestorer(broker)
        shards = (0..<Self.shardCount).map { _ in MessageShard() }
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
            detachedAt: session.detachedAt
        )
    }

    package func logNumber(at place: Int) -> SessionNumber { log.sessions[place].number }

    package func message(_ number: MessageNumber) -> Message? {
        let shard = shards[Int(truncatingIfNeeded: number >> 8) & (Self.shardCount - 1)]
        return shard.messages.withLock { messages in
            if let message = messages[number] { return message }
            guard let stored = log.message(number) else { return nil }
            let made = restorer.message(
                topic: stored.topic,
                properties: stored.properties,
                payload: stored.payload,
                qos: stored.qos,
                isRetained: stored.isRetained,
                expiresAt: stored.expiresAt,
                publisher: log.identity(stored.publisher).map(StoredPublisher.init),
                number: number
            )
            messages[number] = made
            return made
        }
    }

    package func retained(at place: Int) -> MessageNumber { log.retained[place].message }
}

/// Some of the messages of a state.
private final class MessageShard: Sendable {
    let messages = Mutex<[MessageNumber: Message]>([:])
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
