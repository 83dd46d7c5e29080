// SPDX-License-Identifier: Apache-2.0
// A connection on its way from one reactor to another.

/// A connection between two reactors.
package struct DetachedConnection: ~Copyable, Sendable {
    private var descriptor: OwnedDescriptor
    /// Who is at the other end.
    package let peer: PeerAddress
    /// Received bytes that were not consumed.
    let remainder: [UInt8]
    let layers: Layers?

    init(
        descriptor: consuming OwnedDescriptor,
        peer: PeerAddress,
        remainder: [UInt8],
        layers: Layers?
    ) {
        self.descriptor = descriptor
        self.peer = peer
        self.remainder = remainder
        self.layers = layers
    }

    /// Gives the socket away.
    consuming func takeDescriptor() -> OwnedDescriptor { descriptor }
}
