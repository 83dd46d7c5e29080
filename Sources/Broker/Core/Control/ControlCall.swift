// SPDX-License-Identifier: Apache-2.0
// One command under way.

package import JSON

/// One command under way: what was asked, and where the answer goes.
package final class ControlCall: Sendable {
    /// What becomes of a call.
    enum Outcome: Sendable {
        /// Done, with `data` of the answer.
        case done(JSONValue?)
        case failed(ControlFailure)
    }

    /// Whose state is asked for or changed.
    package let broker: Broker
    /// What it says beside its name.
    package let arguments: ControlArguments
    /// Who asks.
    package let actor: ControlActor
    private let conclude: @Sendable (Outcome) -> Void

    init(
        _ broker: Broker,
        _ arguments: ControlArguments,
        by actor: ControlActor,
        _ conclude: @escaping @Sendable (Outcome) -> Void
    ) {
        self.broker = broker
        self.arguments = arguments
        self.actor = actor
        self.conclude = conclude
    }

    /// It is done; `data` is what the answer says.
    ///
    /// Once, on any thread.
    package func answer(_ data: JSONValue? = nil) { conclude(.done(data)) }

    /// It was not done.
    ///
    /// Once, instead of `answer`.
    package func fail(_ failure: ControlFailure) { conclude(.failed(failure)) }
}
