// SPDX-License-Identifier: Apache-2.0
// Where plugins attach: the questions the broker asks before it acts, and what it tells.

package import MQTT

/// What a client wants to do with a topic; the values of the plugin interface.
package enum AccessKind: Int32, Sendable {
    /// Receive a message.
    case read = 1
    /// Publish a message.
    case write = 2
    /// Subscribe to a filter.
    case subscribe = 4
    /// End a subscription.
    case unsubscribe = 8
}

/// One filter that a client subscribes to or unsubscribes from.
package struct FilterQuestion: Sendable {
    /// The whole filter with mount point; `$share/name/` in front of shared ones.
    package let filter: [UInt8]
    /// Subscription Options as on the wire; QoS as requested.
    package let options: UInt8
    /// Subscription Identifier; 0 for none.
    package let identifier: UInt32
    /// Encoded properties of the packet.
    package let properties: [UInt8]

    package init(filter: [UInt8], options: UInt8, identifier: UInt32, properties: [UInt8]) {
        self.filter = filter
        self.options = options
        self.identifier = identifier
        self.properties = properties
    }
}

/// The answer to a `HookQuestion`; the case fits the question's.
package enum HookAnswer: Sendable {
    /// The `MOSQ_ERR_*` that the chain of callbacks ended with: 0 accepted, 17 at least one
    /// deferred and none decided, 32 no plugin had an opinion, others refused.
    /// `denial`: why others refused.
    case authentication(code: Int32, denial: Denial? = nil)
    /// `MOSQ_ERR_*`: 0 accepted, -4 continue with `data` to the client, others refused.
    case exchange(code: Int32, data: [UInt8]?, denial: Denial? = nil)
    /// What to do with a message from a client, and why if it is refused.
    case publish(PublishDecision, denial: Denial? = nil)
    /// What became of a request to a control handler, and why if it is refused.
    case control(ControlDecision, denial: Denial? = nil)
    /// One decision per filter, or an end of the connection with a `MOSQ_ERR_*`; `denials` by the
    /// place of the filter.
    case filters([FilterDecision], disconnectCode: Int32?, denials: [Int: Denial] = [:])
    /// One decision per message.
    case deliver([DeliveryDecision])
    /// Whether the client may publish the message that was kept of it.
    case publishStored(isAllowed: Bool)
}

/// What becomes of a message from a client.
package enum PublishDecision: Sendable {
    /// Go on; with another message in its place, if given.
    case accepted(replacement: Message?)
    /// Drop it; QoS 1 and 2 of 5.0 clients are acknowledged with this reason.
    case refused(ReasonCode)
    /// Drop it and end the connection with this `MOSQ_ERR_*`.
    case disconnect(code: Int32)
}

/// What became of a request to a `$CONTROL` topic.
package enum ControlDecision: Sendable {
    /// The client may not publish there; with the `MOSQ_ERR_*` that says so.
    case refused(code: Int32)
    /// Nobody handles the topic.
    case unhandled
    /// Handled, with this `MOSQ_ERR_*`; a failure's reason goes into the acknowledgement of 5.0
    /// clients.
    case handled(code: Int32, reasonString: String?)
}

/// What becomes of one filter.
package enum FilterDecision: Sendable {
    /// Go on; with another filter or other options, if given.
    case allowed(filter: [UInt8]?, options: UInt8?)
    /// 0x87.
    case denied
}

/// What becomes of one message to a client.
package enum DeliveryDecision: Sendable {
    /// Send as it is.
    case allowed
    /// Send this one instead, for this client only.
    case replaced(Message, qos: UInt8, isRetained: Bool)
    /// The client does not get it.
    case denied
}

/// Who waits for an answer: a client, or a session, of a worker.
package struct QuestionID: Sendable, Hashable {
    /// Number of the worker.
    package let worker: Int
    /// Number of the question at that worker.
    package let serial: UInt64
}

/// The plugins as the core sees them.
///
/// Called on reactors; nothing here may wait.
package protocol Hooks: AnyObject, Sendable {
    /// What clients of a listener (its number; nil for none) are asked and told about. Called for
    /// every packet: must be cheap.
    func events(on listener: Int?) -> HookEvents

    /// Where the same can be looked up, always as of now; nil: they have to be asked.
    var publishedEvents: UnsafeHookEvents? { get }

    /// Decides about access at once, as `MOSQ_ERR_*`: 0 allows, 12 denies. Only when `events`
    /// holds `accessIsDirect`. `filter` replaces the publication's topic for (un)subscribing.
    func checkAccess(
        _ kind: AccessKind,
        _ client: ClientIdentity,
        _ publication: borrowing UnsafePublication
    ) -> Int32

    /// Why the last call of `checkAccess` on this thread that was not about reading has denied; to be
    /// asked right after it.
    func takeDenial() -> Denial?

    /// Answers at once, or returns nil and later answers through `Broker.answer(_:worker:)`: once, but
    /// for questions that were forgotten, which need no answer. Answers that come later keep the
    /// order of the questions of one worker, except those of authentication, which may take any time.
    func ask(_ question: consuming HookQuestion, by questionID: QuestionID) -> HookAnswer?

    /// Whether the plugin thread is so far behind that new logins wait for their turn there even when
    /// no plugin is to be asked about them; `ask` then answers questions about logins later.
    var isBehind: Bool { get }

    /// Nobody waits for the answer any more: there need be none, and one that comes is ignored.
    func forget(_ questionID: QuestionID)

    /// What a `MOSQ_ERR_*` means, in words.
    func text(of code: Int32) -> String

    /// A client has connected; on the thread of its worker, behind what that has asked.
    func connected(_ client: ClientIdentity, by worker: Int)

    /// A client's connection has ended, with a `MOSQ_ERR_*`; `isOffline`: its session lives on. On the
    /// thread of its worker likewise.
    func disconnected(_ client: ClientIdentity, code: Int32, isOffline: Bool, by worker: Int)

    /// Nothing more is told of a client's connection: what it holds is to be given back when
    /// everything told before has been passed on. On the thread of its worker.
    func forgetSecurity(of client: ClientIdentity, by worker: Int)

    /// Whether anybody wants to be told what has to outlive the broker.
    var keepsState: Bool { get }

    /// Whether that is told on the thread that hands it over.
    var tellsAtOnce: Bool { get }

    /// Tells what has happened on a worker, in this order and behind all that was handed over before.
    ///
    /// Returns whether that is done; otherwise `Worker.noteTold` is called with the number later, and
    /// the list has been taken.
    func tell(_ changes: ChangeList, of worker: Int, _ number: UInt64) -> Bool

    /// The thread this is called on asks and tells nothing more.
    func threadIsEnding()

    /// Whether plugins in other processes write answers for workers, to be fetched with `collect`.
    var hasHelpers: Bool { get }

    /// What has come for a worker since it was last asked; a worker is woken when something has.
    func collect(worker: Int) -> [(questionID: QuestionID, answer: HookAnswer)]

    /// A turn of a worker ends: what it has asked is handed over.
    func flush(worker: Int)

    /// What was counted about plugins.
    var figures: HookFigures { get }

    /// What those who watch the broker should know about plugins, in words; empty if all is well.
    var warnings: [String] { get }
}

extension Hooks {
    package var publishedEvents: UnsafeHookEvents? { nil }
}

extension Hooks {
    package var hasHelpers: Bool { false }

    package func collect(worker: Int) -> [(questionID: QuestionID, answer: HookAnswer)] { [] }

    package func flush(worker: Int) {}
}

extension Hooks {
    package var figures: HookFigures { HookFigures() }

    package var warnings: [String] { [] }
}

/// Nobody keeps anything.
extension Hooks {
    package var keepsState: Bool { false }
    package var tellsAtOnce: Bool { true }
    package func tell(_ changes: ChangeList, of worker: Int, _ number: UInt64) -> Bool { true }
}

extension Hooks {
    /// Nothing is known of it.
    package func takeDenial() -> Denial? { nil }
}
