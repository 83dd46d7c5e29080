// SPDX-License-Identifier: Apache-2.0
// A `mosquitto.db` on its way to sessions and messages.

import Config
import Inflight
import Log
import MQTT
import Persist

/// Collects what a reader of the snapshot database finds.
struct DatabaseReading: DatabaseReceiver {
    private let restorer: MessageRestorer
    /// Counter of the last message, as the session log will number them.
    private(set) var messageCounter: UInt64 = 0
    private let configuration: Configuration
    private let log: Log
    /// What was taken over so far.
    private(set) var counts = RestoredCounts()
    /// Whether the file has no bytes.
    private(set) var isEmpty = false
    private(set) var sessions: [StoredSession] = []
    private(set) var messages: [MessageNumber: Message] = [:]
    private(set) var retained: [MessageNumber] = []
    private var places: [ExactText: Int] = [:]
    /// Messages that are void, kept for those who have sent or received them already.
    private var expired: Set<MessageNumber> = []

    init(_ restorer: MessageRestorer, _ configuration: Configuration, _ log: Log) {
        self.restorer = restorer
        self.configuration = configuration
        self.log = log
    }

    mutating func receive(_ configuration: DatabaseConfiguration) {}

    mutating func receive(
        _ message: DatabaseMessage,
        topic: RawSpan,
        properties: RawSpan,
        payload: RawSpan
    ) {
        let isExpired = message.isExpired(at: restorer.clock.now)
        let publisher: ClientIdentity? =
            message.sourceIdentifier.isEmpty
            ? nil
            : restorer.identity(
                StoredPublisher(
                    clientIdentifier: message.sourceIdentifier,
                    userName: message.sourceUserName,
                    listenerPort: message.sourcePort
                )
            )
        messageCounter += 1
        let number = MessageNumbers.make(reactor: 0, counter: messageCounter)
        messages[message.number] = topic.withUnsafeBytes { topic in
            properties.withUnsafeBytes { properties in
                payload.withUnsafeBytes { payload in
                    restorer.message(
                        topic: topic,
                        properties: properties,
                        payload: payload,
                        qos: message.qos,
                        isRetained: message.isRetained,
                        // One that would live for too long counts as expired, now.
                        expiresAt: isExpired ? 1 : message.expiryTime,
                        publisher: publisher,
                        number: number
                    )
                }
            }
        }
        if isExpired {
            expired.insert(message.number)
        } else {
            expired.remove(message.number)
            counts.messages += 1
        }
    }

    mutating func receive(_ client: DatabaseClient) {
        let place = place(of: client.clientIdentifier)
        sessions[place].image.userName = client.userName
        sessions[place].image.expiryInterval = client.expiryInterval
        sessions[place].image.lastIdentifier = client.lastIdentifier
        sessions[place].listenerPort = client.listenerPort
        sessions[place].detachedAt =
            client.expiryTime == 0 ? nil : client.expiryTime &- lifetime(client.expiryInterval)
        counts.clients += 1
    }

    mutating func receive(_ delivery: DatabaseDelivery) {
        guard messages[delivery.message] != nil else { return }
        // A message that waits is nobody's any more when its time is over; one that is under way
        // keeps its identifier from being used for another.
        if delivery.direction == .outgoing, expired.contains(delivery.message),
            delivery.outgoing?.identifier == nil
        {
            return
        }
        let place = place(of: delivery.clientIdentifier)
        if sessions[place].image.add(delivery) { counts.deliveries += 1 }
    }

    mutating func receive(_ subscription: DatabaseSubscription) {
        let place = place(of: subscription.clientIdentifier)
        if sessions[place].image.add(subscription) { counts.subscriptions += 1 }
    }

    mutating func receive(retained number: MessageNumber) {
        guard messages[number] != nil, !expired.contains(number) else { return }
        retained.append(number)
        counts.retained += 1
    }

    mutating func receive(_ notice: DatabaseNotice) {
        if notice == .emptyFile { isEmpty = true }
        log.warning(notice.logLine)
    }

    /// Puts the messages of each session in the order in which they go out.
    mutating func finish() {
        for place in sessions.indices { _ = sessions[place].image.arrangeDeliveries() }
    }

    /// The place of a session; one that was not named before never ends.
    private mutating func place(of clientIdentifier: String) -> Int {
        let key = ExactText(clientIdentifier)
        if let place = places[key] { return place }
        let image = SessionImage(DatabaseClient(clientIdentifier: clientIdentifier))
        sessions.append(StoredSession(image: image, listenerPort: 0, detachedAt: nil))
        places[key] = sessions.count - 1
        return sessions.count - 1
    }

    private func lifetime(_ interval: UInt32) -> Int64 {
        Int64(configuration.lifetime(expiryInterval: interval))
    }
}
