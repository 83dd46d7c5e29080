// SPDX-License-Identifier: Apache-2.0
// The sessions of users, as the broker knows them.

/// A connection or stored session, as the broker knows it.
package struct Session: Sendable {
    /// The client identifier.
    package let clientID: ByteString
    /// The peer's address, if known.
    package let address: ByteString?

    /// Describes a session.
    package init(clientID: ByteString, address: ByteString?) {
        self.clientID = clientID
        self.address = address
    }
}

/// Finds the sessions of some users, by username; nil when the broker cannot tell.
package typealias SessionSource = @Sendable (Set<ByteString>) -> [ByteString: [Session]]?
