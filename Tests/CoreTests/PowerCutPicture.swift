// SPDX-License-Identifier: Apache-2.0
// What a log says, by the names that clients know.

import Inflight
import MQTT
import Persist

/// The state in a log, with messages by the keys of the ledger.
struct PowerCutPicture: Hashable {
    /// A message on its way to a client.
    struct Delivery: Hashable {
        let key: String
        let identifier: UInt16?
        let isReleased: Bool
    }

    struct Session: Hashable {
        var outgoing: [Delivery]
        /// How often each message is among them.
        var counts: [String: Int] = [:]
        var incoming: [String]
        var filters: Set<String>
        var will: String?
    }

    private(set) var sessions: [String: Session] = [:]
    /// Keys by topic.
    private(set) var retained: [String: String] = [:]

    init(_ log: RecoveredLog) {
        func key(_ number: MessageNumber) -> String {
            guard let message = log.message(number) else { return "missing" }
            return Self.key(Array(message.topic), Array(message.payload))
        }
        for place in log.sessions.indices {
            let image = log.image(at: place)
            var session = Session(
                outgoing: image.outgoing.map { delivery in
                    var isReleased = false
                    if case .released = delivery.progress { isReleased = true }
                    return Delivery(
                        key: key(delivery.message),
                        identifier: delivery.identifier,
                        isReleased: isReleased
                    )
                },
                incoming: image.incoming.map { key($0.message) },
                filters: Set(
                    image.subscriptions.map { subscription in
                        let filter = String(decoding: subscription.filter, as: UTF8.self)
                        guard let share = subscription.shareName else { return filter }
                        return "$share/\(String(decoding: share, as: UTF8.self))/\(filter)"
                    }
                ),
                will: image.will.map { Self.key($0.topic, $0.payload) }
            )
            for delivery in session.outgoing { session.counts[delivery.key, default: 0] += 1 }
            sessions[image.clientIdentifier] = session
        }
        for (number, _) in log.retained {
            guard let message = log.message(number) else { continue }
            retained[String(decoding: message.topic, as: UTF8.self)] = key(number)
        }
    }

    /// Wills are known by their topics, all else by its payload.
    static func key(_ topic: [UInt8], _ payload: [UInt8]) -> String {
        String(decoding: topic.starts(with: "w/".utf8) ? topic : payload, as: UTF8.self)
    }

    /// How often a message is on its way to a client.
    func count(of key: String, with client: String) -> Int {
        sessions[client]?.counts[key] ?? 0
    }

    /// Whether a QoS 2 message waits for its PUBREL.
    func isReceived(_ key: String, from client: String) -> Bool {
        sessions[client]?.incoming.contains(key) ?? false
    }
}
