// SPDX-License-Identifier: Apache-2.0
// Connections that wait for a place or for the end of a reload.

/// Connections that wait before they are served or refused.
///
/// Some came while every place was taken. Who has left before they came may not have been noticed
/// yet, here or by another worker: a client that sees its places free must find them free. So each
/// waits until every worker has handled what had happened by then, and is refused only if there is
/// still no place. Others came during a reload, and wait for its end.
final class AcceptQueue {
    /// More than these do not wait.
    static let waitingMax = 64

    /// Those who wait for a reload.
    var held: [AcceptedSocket] = []
    /// Those nobody has been asked about.
    var waiting: [AcceptedSocket] = []
    /// Those the workers have been asked about.
    var examined: [AcceptedSocket] = []
    var answersMissing = 0

    /// Drops them all, which closes their sockets.
    func forgetAll() {
        held = []
        waiting = []
        examined = []
    }
}
