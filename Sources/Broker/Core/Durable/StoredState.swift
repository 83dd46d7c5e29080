// SPDX-License-Identifier: Apache-2.0
// What a broker begins with.

package import Inflight
package import Topics

/// All sessions and retained messages that were kept, by place and number.
///
/// All workers ask at the same time, each for the sessions that live with it; see
/// `Worker.restoreRetained`.
package protocol StoredState: AnyObject, Sendable {
    /// How many sessions there are, each with a client identifier of its own.
    var sessionCount: Int { get }
    /// How many topics have a retained message.
    var retainedCount: Int { get }

    /// The client identifier of a session: cheap, every worker asks for all.
    func clientIdentifier(at place: Int) -> String

    /// A session; asked for once, by the worker where it lives.
    ///
    /// The messages that the image names are there.
    func session(at place: Int) -> StoredSession

    /// The message with a number, the same object however often it is asked for.
    func message(_ number: MessageNumber) -> Message?

    /// The message that is retained under its topic; asked for once.
    func retained(at place: Int) -> MessageNumber

    /// The session at a place has come to life; called on its worker's thread.
    func restored(_ place: Int, as session: SessionHandle)
}

extension StoredState {
    package func restored(_ place: Int, as session: SessionHandle) {}
}
