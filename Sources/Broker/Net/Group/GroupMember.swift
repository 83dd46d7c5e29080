// SPDX-License-Identifier: Apache-2.0
// A reactor that another one's thread drives.

/// A reactor that has joined a group.
///
/// `@unchecked Sendable`: whoever has the member has the reactor. Its own thread waits for `ended`
/// from before it hands the member over, under a lock, until the shared thread has released it.
final class GroupMember: @unchecked Sendable {
    let reactor: Reactor
    private let ended: Waker
    /// Whether something has come for the reactor; only the shared thread looks.
    var isReady = true
    /// When the reactor has to have a turn, in milliseconds of the monotonic clock.
    var deadline = Int64.max

    init(_ reactor: Reactor, ended: Waker) {
        self.reactor = reactor
        self.ended = ended
    }

    /// Gives the reactor back to its own thread.
    func release() { ended.wake() }
}
