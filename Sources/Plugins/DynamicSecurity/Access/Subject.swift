// SPDX-License-Identifier: Apache-2.0
// Who asks for access, by name.

/// Who a rule is evaluated for: what `%c` and `%u` stand for.
package struct Subject {
    /// The client identifier.
    package let clientID: Bytes
    /// The username; empty without one.
    package let username: Bytes

    /// Names the client.
    package init(clientID: Bytes, username: Bytes) {
        self.clientID = clientID
        self.username = username
    }
}
