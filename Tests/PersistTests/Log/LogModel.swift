// SPDX-License-Identifier: Apache-2.0
// Sessions, messages and retained messages in the simplest form there is.

import Inflight
import LogTestSupport
import MQTT

@testable import Persist

extension SubscriptionImage {
    var sortKey: String { "\(filter) \(shareName ?? [])" }
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
