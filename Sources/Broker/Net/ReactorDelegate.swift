// SPDX-License-Identifier: Apache-2.0
// What a reactor calls up into.

/// What owns a reactor.
///
/// Called on the reactor's thread.
package protocol ReactorDelegate: AnyObject {
    /// Somebody signalled the reactor's waker; called at most once per turn.
    func reactorWoken(_ reactor: Reactor)

    /// All events of the turn are handled; output is flushed after this.
    func reactorTurnEnding(_ reactor: Reactor)

    /// The time of the reactor's clock, in milliseconds, at which `reactorTurnEnding` must run
    /// again though nothing happens; nil: never.
    func reactorNextDeadline(_ reactor: Reactor) -> Int64?

    /// A listening socket has a new connection, which the delegate now owns.
    func reactor(
        _ reactor: Reactor,
        accepted descriptor: consuming OwnedDescriptor,
        from peer: PeerAddress,
        on listener: ListenerSocket
    )

    /// Whether a connection may hold that many bytes more of an unfinished packet.
    func reactor(_ reactor: Reactor, mayHold byteCount: Int) -> Bool

    /// No descriptor is left for new connections (`isExhausted`), or there is one again.
    func reactor(_ reactor: Reactor, descriptorsExhausted isExhausted: Bool)
}

extension ReactorDelegate {
    package func reactor(_ reactor: Reactor, mayHold byteCount: Int) -> Bool { true }
}
