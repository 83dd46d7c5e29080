// SPDX-License-Identifier: Apache-2.0
// Subscriptions that plugins have asked for and workers have not entered yet.

import MQTT
import Synchronization

/// Changes of subscriptions on their way to a worker: who asks twice is told so, although nothing is
/// done within the call.
final class RequestedSubscriptions: Sendable {
    struct Key: Hashable, Sendable {
        let clientIdentifier: ExactText
        let filter: [UInt8]
        let shareName: [UInt8]?
    }

    private struct Entry {
        /// What there will be when all requests are served.
        var willBeThere: Bool
        var requests: Int
    }

    private let entries = Mutex<[Key: Entry]>([:])

    /// Notes a request; `wasThere` is what earlier ones will have led to, nil without any.
    func begin(
        _ clientIdentifier: String,
        _ filter: [UInt8],
        _ shareName: [UInt8]?,
        isAdding: Bool
    ) -> (key: Key, wasThere: Bool?) {
        let key = Key(
            clientIdentifier: ExactText(clientIdentifier),
            filter: filter,
            shareName: shareName
        )
        let earlier = entries.withLock { entries in
            let earlier = entries[key]
            entries[key] = Entry(willBeThere: isAdding, requests: (earlier?.requests ?? 0) + 1)
            return earlier?.willBeThere
        }
        return (key, earlier)
    }

    /// A request has been served.
    func end(_ key: Key) {
        entries.withLock { entries in
            guard var entry = entries[key] else { return }
            entry.requests -= 1
            entries[key] = entry.requests == 0 ? nil : entry
        }
    }
}
