// SPDX-License-Identifier: Apache-2.0
// Sessions, messages and retained messages in the simplest form there is.

import Inflight
import MQTT

@testable import Persist

/// A message as a value.
struct ModelMessage: Equatable {
    var number: MessageNumber
    var topic: [UInt8]
    var properties: [UInt8] = []
    var payload: [UInt8] = []
    var qos: UInt8 = 1
    var isRetained = false
    var expiresAt: Int64 = 0
    var publisher: SessionNumber = 0

    init(number: MessageNumber, topic: [UInt8]) {
        self.number = number
        self.topic = topic
    }

    init(_ message: UnsafeLogMessage) {
        number = message.number
        topic = Array(message.topic)
        properties = Array(message.properties)
        payload = Array(message.payload)
        qos = message.qos
        isRetained = message.isRetained
        expiresAt = message.expiresAt
        publisher = message.publisher
    }

    /// Lends it as what the buffer takes.
    func lend<Result>(_ body: (UnsafeLogMessage) -> Result) -> Result {
        topic.withUnsafeBytes { topic in
            properties.withUnsafeBytes { properties in
                payload.withUnsafeBytes { payload in
                    body(
                        UnsafeLogMessage(
                            number: number,
                            topic: topic,
                            properties: properties,
                            payload: payload,
                            qos: qos,
                            isRetained: isRetained,
                            expiresAt: expiresAt,
                            publisher: publisher
                        )
                    )
                }
            }
        }
    }
}

/// A session as a value.
struct ModelSession {
    var number: SessionNumber
    var identity: LogIdentity
    var expiryInterval: UInt32
    var detachedAt: Int64?
    var will: Will?
    var subscriptions: [SubscriptionImage] = []
    var retainedPending: [SubscriptionImage] = []
    var queue: [LogEntry] = []
    var nextSequence: UInt64 = 0
    var lastIdentifier: UInt16 = 0
    var incoming: [IncomingImage] = []
    /// Accepted for it and not taken in, in the order of acceptance.
    var pending: [(message: MessageNumber, destination: LogDestination)] = []

    /// Takes a message in behind all others.
    mutating func enter(_ message: MessageNumber, _ destination: LogDestination) {
        var entry = LogEntry(
            sequence: nextSequence,
            message: message,
            qos: destination.qos,
            isRetained: destination.isRetained,
            subscriptionIdentifier: destination.subscriptionIdentifier
        )
        if destination.qos > 0 {
            lastIdentifier = lastIdentifier == 65_535 ? 1 : lastIdentifier + 1
        }
        switch destination.fate {
        case .queued(let sequence): entry.sequence = sequence
        case .sent(let sequence, let identifier):
            entry.sequence = sequence
            entry.progress = .published(identifier: identifier)
            lastIdentifier = identifier
        case .pending, .dropped: break
        }
        nextSequence = entry.sequence + 1
        queue.append(entry)
    }

    /// What the log has to say of it.
    var image: SessionImage {
        var image = SessionImage(
            clientIdentifier: identity.clientIdentifier,
            userName: identity.userName,
            expiryInterval: expiryInterval,
            will: will
        )
        image.subscriptions = subscriptions.sorted { $0.sortKey < $1.sortKey }
        let live = queue.map { entry in
            let progress: OutgoingImage.Progress =
                switch entry.progress {
                case .pending, .queued: .queued
                case .published(let identifier): .published(identifier: identifier)
                case .released(let identifier): .released(identifier: identifier)
                }
            return OutgoingImage(
                message: entry.message,
                qos: entry.qos,
                isRetained: entry.isRetained,
                subscriptionIdentifier: entry.subscriptionIdentifier,
                progress: progress
            )
        }
        image.outgoing =
            live.filter { $0.progress != .queued } + live.filter { $0.progress == .queued }
        image.incoming = incoming
        image.retainedPending = retainedPending
        image.lastIdentifier = lastIdentifier
        return image
    }
}

extension SubscriptionImage {
    var sortKey: String { "\(filter) \(shareName ?? [])" }
}

/// Everything a log describes, in a form that can be compared.
struct LogState: Equatable {
    var sessions: [SessionNumber: SessionImage] = [:]
    var ports: [SessionNumber: UInt16] = [:]
    var detachedAt: [SessionNumber: Int64] = [:]
    var retained: [[UInt8]: MessageNumber] = [:]
    var messages: [MessageNumber: ModelMessage] = [:]

    init(_ log: RecoveredLog) {
        for (place, session) in log.sessions.enumerated() {
            var image = log.image(at: place)
            image.subscriptions.sort { $0.sortKey < $1.sortKey }
            sessions[session.number] = image
            ports[session.number] = session.identity.listenerPort
            detachedAt[session.number] = session.detachedAt
        }
        for retained in log.retained {
            guard let message = log.message(retained.message) else { continue }
            self.retained[Array(message.topic)] = retained.message
        }
        for number in named {
            messages[number] = log.message(number).map { ModelMessage($0) }
        }
    }

    /// What a log says that has been written of this model.
    init(_ model: LogModel) {
        var model = model
        model.restart()
        for (number, session) in model.sessions {
            sessions[number] = session.image
            ports[number] = session.identity.listenerPort
            detachedAt[number] = session.detachedAt
        }
        retained = model.retained.mapValues(\.message)
        for number in named { messages[number] = model.messages[number] }
    }

    private var named: Set<MessageNumber> {
        var named = Set(retained.values)
        for image in sessions.values {
            named.formUnion(image.outgoing.map(\.message))
            named.formUnion(image.incoming.map(\.message))
        }
        return named
    }
}

/// Messages by number.
final class ModelMessages {
    var all: [MessageNumber: ModelMessage] = [:]

    subscript(number: MessageNumber) -> ModelMessage? {
        get { all[number] }
        set { all[number] = newValue }
    }
}

/// A broker's memory.
struct LogModel {
    var sessions: [SessionNumber: ModelSession] = [:]
    /// All there ever were; shared by all copies.
    let messages = ModelMessages()
    var retained: [[UInt8]: (version: UInt64, message: MessageNumber)] = [:]
    var version: UInt64 = 0
    var clock: Int64 = 1000
    /// The last clock that was recorded.
    var recordedClock: Int64 = 0
    var sessionMax: SessionNumber = 0
    var messageCounter: UInt64 = 0

    /// What a broker does that starts.
    mutating func restart() {
        for number in sessions.keys.sorted() {
            guard var session = sessions[number] else { continue }
            for (message, destination) in session.pending {
                session.enter(message, destination)
            }
            session.pending = []
            let sent = session.queue.filter { $0.progress != .queued }
            let waiting = session.queue.filter { $0.progress == .queued }
            session.queue = sent + waiting
            for place in session.queue.indices { session.queue[place].sequence = UInt64(place) }
            session.nextSequence = UInt64(session.queue.count)
            if session.detachedAt == nil { session.detachedAt = recordedClock }
            sessions[number] = session
        }
    }
}
