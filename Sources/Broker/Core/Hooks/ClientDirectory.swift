// SPDX-License-Identifier: Apache-2.0
// Client identifier -> identity, for plugins.

import MQTT
import Synchronization
package import Topics

/// The sessions of all workers by client identifier, connected or not.
///
/// Kept only for questions from other threads; the reactors themselves never look here.
package final class ClientDirectory: Sendable {
    private let entries = Mutex<[ExactText: Entry]>([:])

    /// One session as plugins see it.
    package struct Entry: Sendable {
        /// Who it is.
        package let identity: ClientIdentity
        /// Its session.
        package let session: SessionHandle
        /// Whether it has a connection.
        package let isConnected: Bool
    }

    package init() {}

    /// The session of a client identifier.
    package subscript(_ clientIdentifier: String) -> Entry? {
        entries.withLock { $0[ExactText(clientIdentifier)] }
    }

    /// All sessions as of now, in no order.
    package var all: [Entry] { entries.withLock { Array($0.values) } }

    func set(_ session: Session) {
        let entry = Entry(
            identity: session.identity,
            session: session.handle,
            isConnected: session.peer != nil
        )
        entries.withLock { $0[ExactText(entry.identity.clientIdentifier)] = entry }
    }

    func remove(_ clientIdentifier: String) {
        entries.withLock { _ = $0.removeValue(forKey: ExactText(clientIdentifier)) }
    }
}
