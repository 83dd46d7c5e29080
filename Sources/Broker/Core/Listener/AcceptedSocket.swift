// SPDX-License-Identifier: Apache-2.0
// A connection between accept(2) and its first byte.

import Net
import Synchronization

/// A connection that has just been accepted.
final class AcceptedSocket: Sendable {
    let peer: PeerAddress
    let listenerIndex: Int
    let port: UInt16
    /// The number of the socket, which is open until it is given away or this goes.
    let number: CInt
    private let descriptor: Mutex<OwnedDescriptor?>

    init(_ descriptor: consuming OwnedDescriptor, peer: PeerAddress, socket: ListenerSocket) {
        number = descriptor.rawValue
        self.descriptor = Mutex(consume descriptor)
        self.peer = peer
        listenerIndex = socket.listenerIndex
        port = socket.port
    }

    /// Gives the socket away, once.
    func takeDescriptor() -> OwnedDescriptor? { descriptor.withLock { $0.take() } }
}
