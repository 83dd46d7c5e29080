// SPDX-License-Identifier: Apache-2.0
// What is said of a retained message.

import JSON

/// What is said of a retained message.
struct RetainedReport {
    private let message: Message
    private let clock: WallClock

    init(_ message: Message, _ clock: WallClock) {
        self.message = message
        self.clock = clock
    }

    /// All but the payload.
    var entry: JSONMembers {
        var entry = JSONMembers()
        entry.add("topic", message.withPublication { Array($0.topic) })
        entry.add("qos", Int(message.qos))
        entry.add("payload-bytes", message.payloadCount)
        if let origin = message.origin {
            entry.add("clientid", origin.clientIdentifier)
            entry.add("username", origin.userName)
        }
        let expiry = message.expiresAt
        if expiry != 0 {
            entry.add("expires-at", Timestamp.text(clock.second(at: expiry * 1000)))
        }
        return entry
    }

    /// With so much of the payload; where that is not all, `is-cut` says so.
    func entry(payloadMax: Int) -> JSONValue {
        var entry = entry
        let payload = message.withPublication { Array($0.payload.prefix(payloadMax)) }
        entry.add("payload", payload)
        if payload.count < message.payloadCount { entry.add("is-cut", true) }
        return entry.object
    }
}
