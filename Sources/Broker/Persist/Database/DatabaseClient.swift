// SPDX-License-Identifier: Apache-2.0
// A session in the file.

/// A session without what it holds (CLIENT).
package struct DatabaseClient: Sendable, Equatable {
    package var clientIdentifier: String
    package var userName: String?
    /// Second since 1970 at which the session ends unless its client comes back; 0 when no time is
    /// set.
    package var expiryTime: Int64
    /// Seconds to live without a connection; `UInt32.max`: never ends.
    ///
    /// Versions 2 to 4 know no expiry: their sessions never end.
    package var expiryInterval: UInt32
    /// The last packet identifier given; 0 for none.
    package var lastIdentifier: UInt16
    /// The port of the listener the client last came through; 0 when unknown.
    package var listenerPort: UInt16

    package init(
        clientIdentifier: String,
        userName: String? = nil,
        expiryTime: Int64 = 0,
        expiryInterval: UInt32 = .max,
        lastIdentifier: UInt16 = 0,
        listenerPort: UInt16 = 0
    ) {
        self.clientIdentifier = clientIdentifier
        self.userName = userName
        self.expiryTime = expiryTime
        self.expiryInterval = expiryInterval
        self.lastIdentifier = lastIdentifier
        self.listenerPort = listenerPort
    }
}
