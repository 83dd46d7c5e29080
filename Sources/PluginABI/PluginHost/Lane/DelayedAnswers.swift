// SPDX-License-Identifier: Apache-2.0
// Authentications that a plugin has yet to decide about.

import CMosquitto
import Core
import Net
import Synchronization

/// Authentications under way, and the results that plugins give for them from any thread.
///
/// Each has a number of its own, its ticket. A plugin that answers by ticket
/// (`mosquitto_complete_auth`) decides about exactly one connection, however many others claim the
/// same client identifier.
///
/// The functions of 2.1 name nothing but a client identifier, which any connection may claim. So of the
/// connections a plugin may answer for in that way, one at a time holds an identifier. Others with the
/// same identifier are asked about after it is decided, one address after the other. So no connection
/// gets the answer meant for another, and strangers with many connections cannot keep the owner out.
/// A client that leaves, or whose time is up, before its plugin has answered holds the identifier until
/// the plugin has answered or a second `auth_timeout` has passed.
///
/// ```
/// running ──► waiting ──► (resolved)      inLine ──► running
///    │           │
///    └───────────┴──► abandoned ──► (identifier free)
/// ```
final class DelayedAnswers: Sendable {
    /// Which of the two kinds of function completes it.
    enum Kind: Sendable {
        case basic
        case extended
    }

    /// Number of an authentication; never used twice, never 0.
    typealias Ticket = UInt64

    /// What a plugin has decided.
    struct Result: Sendable {
        let code: Int32
        var data: [UInt8]?
        /// Why it refuses, in its own words.
        var reason: String?
    }

    /// An authentication that has begun.
    enum Login: Sendable {
        case basic(BasicAuthentication)
        case extended(ExtendedAuthentication)
    }

    /// An authentication that waits for a plugin.
    ///
    /// Plugins live as long as the process.
    struct Waiting: Sendable {
        /// How far it has come.
        let login: Login
        /// Who decides.
        unowned(unsafe) let plugin: LoadedPlugin
        /// Whether the plugin answers by ticket.
        let hasTicket: Bool
    }

    /// What came of letting a client wait.
    enum Suspension {
        case waits(isFirst: Bool)
        /// The plugin was faster.
        case decided(Result)
        /// The client has left.
        case left
    }

    private let table = Mutex(DelayedAnswerTable())
    private let timeout: Atomic<Int>
    private let lane: SerialLane

    init(timeoutSeconds: Int, lane: SerialLane) {
        timeout = Atomic(timeoutSeconds)
        self.lane = lane
    }

    /// Puts another timeout in force for those who come.
    func setTimeout(seconds: Int) { timeout.store(seconds, ordering: .relaxed) }

    private var timeoutMilliseconds: Int64 { Int64(timeout.load(ordering: .relaxed)) * 1000 }

    /// An authentication begins.
    func begin(_ kind: Kind, _ questionID: QuestionID) -> Ticket {
        table.withLock { $0.begin(kind, questionID) }
    }

    /// A callback that may answer by client identifier is about to run.
    ///
    /// False: another authentication holds the identifier; `resume` runs on the plugin thread when it is
    /// this one's turn, and then claims again.
    func claim(
        _ identifier: String,
        for ticket: Ticket,
        from network: PeerNetwork?,
        resume: @escaping @Sendable () -> Void
    ) -> Bool {
        table.withLock { $0.claim(identifier, for: ticket, from: network, resume) }
    }

    /// An authentication is decided.
    func end(_ ticket: Ticket) {
        start(table.withLock { $0.end(ticket) })
    }

    /// The callback has returned without deciding.
    ///
    /// One that answers by ticket needs no client identifier, which is free for others then.
    func suspend(_ waiting: Waiting) -> Suspension {
        let until = MonotonicTime.milliseconds() + timeoutMilliseconds
        let identifier = waiting.hasTicket ? nil : waiting.login.identity.clientIdentifier
        let (suspension, next) = table.withLock {
            $0.suspend(waiting, identifier, until: until)
        }
        start(next)
        return suspension
    }

    /// A plugin has decided about a client identifier; the authentication that waited for it, which
    /// runs again until it is ended.
    func complete(_ identifier: String, _ kind: Kind, _ result: Result) -> Waiting? {
        let (waiting, next) = table.withLock { table -> (Waiting?, DelayedAnswerTable.Turn?) in
            guard let ticket = table.holder(of: identifier) else { return (nil, nil) }
            return table.complete(ticket, kind, result)
        }
        start(next)
        return waiting
    }

    /// A plugin has decided about a ticket; the authentication that waited for it, which runs again
    /// until it is ended.
    func complete(_ ticket: Ticket, _ result: Result) -> Waiting? {
        let (waiting, next) = table.withLock { $0.complete(ticket, nil, result) }
        start(next)
        return waiting
    }

    /// Whether anybody waits for the answer to a ticket.
    func isAwaited(_ ticket: Ticket) -> Bool { table.withLock { $0.isAwaited(ticket) } }

    /// The client has left.
    func forget(_ questionID: QuestionID) {
        start(table.withLock { $0.forget(questionID) })
    }

    /// Takes out everybody whose time is up.
    func expire(now: Int64) -> [Waiting] {
        let extra = timeoutMilliseconds
        let (expired, turns) = table.withLock { $0.expire(now: now, extra: extra) }
        for turn in turns { start(turn) }
        return expired
    }

    /// Takes out everybody who waits for a plugin that will not answer.
    func abandon(_ plugin: LoadedPlugin) -> [Waiting] {
        let (waiting, turns) = table.withLock { $0.abandon(plugin) }
        for turn in turns { start(turn) }
        return waiting
    }

    /// Who waits for a plugin and is the one that is meant.
    func identity(where isMeant: (ClientIdentity) -> Bool) -> ClientIdentity? {
        table.withLock { $0.waiting }.lazy.map(\.login.identity).first(where: isMeant)
    }

    /// The moment the next one is due; nil when nobody waits.
    var nextDeadline: Int64? { table.withLock { $0.nextDeadline } }

    private func start(_ turn: DelayedAnswerTable.Turn?) {
        if let turn { lane.enqueue(.job(turn)) }
    }
}

extension DelayedAnswers.Login {
    var identity: ClientIdentity {
        switch self {
        case .basic(let login): login.identity
        case .extended(let login): login.identity
        }
    }

    var questionID: QuestionID {
        switch self {
        case .basic(let login): login.questionID
        case .extended(let login): login.questionID
        }
    }

    var ticket: DelayedAnswers.Ticket {
        switch self {
        case .basic(let login): login.ticket
        case .extended(let login): login.ticket
        }
    }
}
