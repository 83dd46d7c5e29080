// SPDX-License-Identifier: Apache-2.0
// Who sends a control message.

/// Who sent a control message.
package struct Requester: Sendable {
    /// The client identifier.
    package var clientID: ByteString?
    /// The username.
    package var username: ByteString?
    /// The peer's address.
    package var address: ByteString?

    /// Describes the sender.
    package init(clientID: ByteString?, username: ByteString?, address: ByteString?) {
        self.clientID = clientID
        self.username = username
        self.address = address
    }

    /// The sender's identifier and username, for the log.
    var name: String { "\(clientID?.forLog ?? "(null)")/\(username?.forLog ?? "(null)")" }
}
