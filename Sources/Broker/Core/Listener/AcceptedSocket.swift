// SPDX-License-Identifier: Apache-2.0
// A connection between accept(2) and its first byte.

import Net

/// A connection that has just been accepted.
final class AcceptedSocket {
    let peer: PeerAddress
    let listenerIndex: Int
    let port: UInt16
    private var descriptor: OwnedDescriptor?

    init(_ descriptor: consuming OwnedDescriptor, peer: PeerAddress, socket: ListenerSocket) {
        self.descriptor = consume descriptor
        self.peer = peer
        listenerIndex = socket.listenerIndex
        port = socket.port
    }

    /// Gives the socket away, once.
    func takeDescriptor() -> OwnedDescriptor? { descriptor.take() }
}
