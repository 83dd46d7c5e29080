// SPDX-License-Identifier: Apache-2.0
// What a broker begins with.

package import Inflight
package import Persist

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

    /// The number of a session in the session log; 0 when it is not there.
    func logNumber(at place: Int) -> SessionNumber
}

extension StoredState {
    package func logNumber(at place: Int) -> SessionNumber { 0 }
}
