// SPDX-License-Identifier: Apache-2.0
// How the image of a session begins.

/// How the image of a session begins.
package struct LogImageHead: Sendable, Equatable {
    package var session: SessionNumber
    package var identity: LogIdentity
    /// Seconds to live without a connection; `UInt32.max`: never ends.
    package var expiryInterval: UInt32
    /// Second since 1970 in which its client left; nil while that is there.
    package var detachedAt: Int64?
    /// The sequence number the next message gets.
    package var nextSequence: UInt64
    /// The last packet identifier given; 0 for none.
    package var lastIdentifier: UInt16

    package init(
        session: SessionNumber,
        identity: LogIdentity,
        expiryInterval: UInt32,
        detachedAt: Int64? = nil,
        nextSequence: UInt64 = 0,
        lastIdentifier: UInt16 = 0
    ) {
        self.session = session
        self.identity = identity
        self.expiryInterval = expiryInterval
        self.detachedAt = detachedAt
        self.nextSequence = nextSequence
        self.lastIdentifier = lastIdentifier
    }
}
