// SPDX-License-Identifier: Apache-2.0
// A session as it is kept while no broker runs.

package import Inflight

/// A session as plain values, with what is needed to go on with it in another process.
package struct StoredSession: Sendable, Equatable {
    /// Its state; messages by number.
    package var image: SessionImage
    /// Port of the listener its client came through last; 0 when unknown.
    package var listenerPort: UInt16
    /// Second since 1970 in which its client left; nil while it is connected.
    package var detachedAt: Int64?
    /// The name of the bridge it is of; nil for a client's, or where that is not known.
    package var bridgeName: String?

    package init(
        image: SessionImage,
        listenerPort: UInt16,
        detachedAt: Int64?,
        bridgeName: String? = nil
    ) {
        self.image = image
        self.listenerPort = listenerPort
        self.detachedAt = detachedAt
        self.bridgeName = bridgeName
    }
}
