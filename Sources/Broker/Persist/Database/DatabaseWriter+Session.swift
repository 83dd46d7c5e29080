// SPDX-License-Identifier: Apache-2.0
// Writes a session with all it holds.

package import Inflight

extension DatabaseWriter {
    /// Writes a session, its deliveries and its subscriptions.
    ///
    /// The file has no place for a will nor for retained messages still owed. `expiryTime` is the
    /// second since 1970 at which the session ends if its client does not come back, 0 for never;
    /// `isRetained` gives the flag a message was published with.
    package mutating func write(
        _ image: SessionImage,
        expiryTime: Int64,
        listenerPort: UInt16,
        isRetained: (MessageNumber) -> Bool
    ) throws(DatabaseWriteError) {
        let name = image.clientIdentifier
        var identifiers = QueueIdentifiers(image)
        let queued = image.outgoing.map { $0.identifier ?? identifiers.next(qos: $0.qos) }
        try write(
            DatabaseClient(
                clientIdentifier: name,
                userName: image.userName,
                expiryTime: expiryTime,
                expiryInterval: image.expiryInterval,
                lastIdentifier: identifiers.last,
                listenerPort: listenerPort
            )
        )
        for message in image.incoming {
            let isRetained = isRetained(message.message)
            try write(
                DatabaseDelivery(clientIdentifier: name, message, isRetained: isRetained)
            )
        }
        for (message, identifier) in zip(image.outgoing, queued) {
            try write(
                DatabaseDelivery(clientIdentifier: name, message, identifier: identifier)
            )
        }
        for subscription in image.subscriptions {
            try write(DatabaseSubscription(clientIdentifier: name, subscription))
        }
    }
}

/// Gives messages that wait the identifiers they are to be sent with.
///
/// The original sends a message under the identifier it has in the file. The numbers are those that
/// the session's own window would give: the last one that waits has the session's last identifier.
/// One that is under way is passed over.
private struct QueueIdentifiers {
    private(set) var last: UInt16
    private var used: Set<UInt16> = []

    init(_ image: SessionImage) {
        last = image.lastIdentifier
        let waiting = image.outgoing.count { $0.progress == .queued && $0.qos > 0 }
        guard waiting > 0 else { return }
        used = Set(image.outgoing.compactMap(\.identifier))
        // Identifiers run 1, 2 … 65535, 1; 0 is none.
        let first = Int(last) - waiting % 0xFFFF
        last = last == 0 ? 0 : UInt16(first > 0 ? first : first + 0xFFFF)
    }

    mutating func next(qos: UInt8) -> UInt16 {
        guard qos > 0 else { return 0 }
        // Should all be under way, the next one has to do.
        for _ in 0..<0xFFFF {
            last = last == .max ? 1 : last + 1
            if !used.contains(last) { break }
        }
        return last
    }
}
