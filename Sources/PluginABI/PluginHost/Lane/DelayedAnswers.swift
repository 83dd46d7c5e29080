// SPDX-License-Identifier: Apache-2.0
// Authentications that a plugin has yet to decide about.

import CMosquitto
import Core
import Synchronization

/// Authentications under way, by client identifier, and the results that plugins give for them from
/// any thread.
///
/// A client that leaves while its plugin is still thinking keeps its place until the plugin has
/// answered or the time is up: the next client of that name must not get the answer meant for the
/// first. So whoever comes meanwhile waits until it is its turn; but of two CONNECTs the second is
/// refused.
final class DelayedAnswers: Sendable {
    /// Which of the two functions completes it.
    enum Kind: Sendable {
        case basic
        case extended
    }

    /// What a plugin has decided.
    struct Result: Sendable {
        let code: Int32
        var data: [UInt8]?
    }

    /// An authentication that is to begin.
    struct Turn: Sendable {
        let asker: Asker
        /// A CONNECT, not a check of somebody who is inside.
        let isConnect: Bool
        /// Asks again, on the plugin thread.
        let resume: @Sendable () -> Void
    }

    /// An authentication that waits for a plugin.
    struct Waiting: Sendable {
        let asker: Asker
        let identity: ClientIdentity
        let kind: Kind
        let isConnect: Bool
        /// Who decides; for log lines.
        let pluginName: String
        /// What is still to be asked if a built-in file has accepted.
        let rest: BasicAuthentication?

        /// Whether somebody else is asked as well.
        func goesOn(after result: Result) -> Bool {
            result.code == 0 && rest?.rest.isEmpty == false
        }
    }

    private enum State {
        /// The callback has not returned; a plugin may have been faster.
        case calling(Kind, isConnect: Bool, early: Result?)
        /// The client waits.
        case waiting(Waiting, until: Int64)
        /// The client has left.
        case abandoned(Kind, until: Int64)

        var isConnect: Bool {
            switch self {
            case .calling(_, let isConnect, _): isConnect
            case .waiting(let waiting, _): waiting.isConnect
            case .abandoned: false
            }
        }
    }

    private struct Table {
        var states: [String: State] = [:]
        /// Who comes next.
        var lines: [String: [Turn]] = [:]
        /// Where those who wait are to be found, in `states` or in `lines`.
        var identifiers: [Asker: String] = [:]
        /// Deadlines in the order they come due: all waits last equally long.
        var deadlines: [(until: Int64, identifier: String)] = []
        var head = 0

        /// Ends an authentication; returns the next one of that identifier.
        mutating func end(_ identifier: String) -> Turn? {
            states[identifier] = nil
            guard let turn = lines[identifier]?.removeFirst() else { return nil }
            if lines[identifier]?.isEmpty == true { lines[identifier] = nil }
            identifiers[turn.asker] = nil
            return turn
        }
    }

    private let table = Mutex(Table())
    private let timeout: Atomic<Int>
    private let lane: SerialLane

    init(timeoutSeconds: Int, lane: SerialLane) {
        timeout = Atomic(timeoutSeconds)
        self.lane = lane
    }

    /// Puts another timeout in force for those who come.
    func setTimeout(seconds: Int) { timeout.store(seconds, ordering: .relaxed) }

    /// What came of the wish to begin.
    enum Beginning {
        /// A callback is about to run.
        case begun
        /// Another authentication of that identifier comes first.
        case waits
        /// Another CONNECT of that identifier is pending.
        case refused
    }

    /// A callback is about to run for a client.
    func begin(_ identifier: String, _ kind: Kind, _ turn: Turn) -> Beginning {
        table.withLock { table in
            guard let state = table.states[identifier] else {
                table.states[identifier] = .calling(kind, isConnect: turn.isConnect, early: nil)
                return .begun
            }
            if turn.isConnect,
                state.isConnect || table.lines[identifier]?.contains(where: \.isConnect) == true
            {
                return .refused
            }
            table.lines[identifier, default: []].append(turn)
            table.identifiers[turn.asker] = identifier
            return .waits
        }
    }

    /// The callback has returned and decided.
    func end(_ identifier: String) {
        let next = table.withLock { table -> Turn? in
            guard case .calling = table.states[identifier] else { return nil }
            return table.end(identifier)
        }
        begin(next)
    }

    private func begin(_ turn: Turn?) {
        if let turn { lane.enqueue(.job(turn.resume)) }
    }

    /// What came of letting a client wait.
    enum Suspension {
        case waits(isFirst: Bool)
        /// The plugin was faster.
        case decided(Result)
    }

    /// The callback has returned without deciding.
    func suspend(_ waiting: Waiting, begunAs identifier: String) -> Suspension {
        let until = MonotonicTime.milliseconds() + Int64(timeout.load(ordering: .relaxed)) * 1000
        let current = waiting.identity.clientIdentifier
        var next: Turn?
        let suspension = table.withLock { table -> Suspension in
            if case .calling(let kind, let isConnect, .some(let early)) = table.states[identifier] {
                if waiting.goesOn(after: early) {
                    table.states[identifier] = .calling(kind, isConnect: isConnect, early: nil)
                } else {
                    next = table.end(identifier)
                }
                return .decided(early)
            }
            if current != identifier {
                next = table.end(identifier)
                // A client that was renamed may meet one that is waiting under its new name.
                guard table.states[current] == nil else {
                    return .decided(Result(code: MOSQ_ERR_UNKNOWN.rawValue))
                }
            }
            table.states[current] = .waiting(waiting, until: until)
            table.identifiers[waiting.asker] = current
            table.deadlines.append((until, current))
            return .waits(isFirst: table.deadlines.count - table.head == 1)
        }
        begin(next)
        return suspension
    }

    /// What a completion meets.
    enum Completion {
        case unknown
        /// Nobody has to be told.
        case noted
        case resolved(Waiting)
    }

    /// A plugin has decided.
    func complete(_ identifier: String, _ kind: Kind, _ result: Result) -> Completion {
        var next: Turn?
        let completion = table.withLock { table -> Completion in
            switch table.states[identifier] {
            case .calling(kind, let isConnect, early: nil):
                table.states[identifier] = .calling(kind, isConnect: isConnect, early: result)
                return .noted
            case .waiting(let waiting, _) where waiting.kind == kind:
                table.identifiers[waiting.asker] = nil
                if waiting.goesOn(after: result) {
                    let isConnect = waiting.isConnect
                    table.states[identifier] = .calling(kind, isConnect: isConnect, early: nil)
                } else {
                    next = table.end(identifier)
                }
                return .resolved(waiting)
            case .abandoned(kind, _):
                next = table.end(identifier)
                return .noted
            default: return .unknown
            }
        }
        begin(next)
        return completion
    }

    /// The client has left; false when it is not waiting, or not yet.
    func forget(_ asker: Asker) -> Bool {
        table.withLock { table in
            guard let identifier = table.identifiers.removeValue(forKey: asker) else {
                return false
            }
            if case .waiting(let waiting, let until) = table.states[identifier],
                waiting.asker == asker
            {
                table.states[identifier] = .abandoned(waiting.kind, until: until)
            } else {
                table.lines[identifier]?.removeAll { $0.asker == asker }
                if table.lines[identifier]?.isEmpty == true { table.lines[identifier] = nil }
            }
            return true
        }
    }

    /// Takes out everybody whose time is up.
    func expire(now: Int64) -> [Waiting] {
        var turns: [Turn?] = []
        let expired = table.withLock { table -> [Waiting] in
            var expired: [Waiting] = []
            while table.head < table.deadlines.count, table.deadlines[table.head].until <= now {
                let (due, identifier) = table.deadlines[table.head]
                table.head += 1
                switch table.states[identifier] {
                case .waiting(let waiting, due):
                    table.identifiers[waiting.asker] = nil
                    expired.append(waiting)
                    turns.append(table.end(identifier))
                case .abandoned(_, due): turns.append(table.end(identifier))
                default: break
                }
            }
            if table.head * 2 >= table.deadlines.count {
                table.deadlines.removeFirst(table.head)
                table.head = 0
            }
            return expired
        }
        turns.forEach(begin)
        return expired
    }

    /// The moment the next one is due; nil when nobody waits.
    var nextDeadline: Int64? {
        table.withLock { table in
            table.head < table.deadlines.count ? table.deadlines[table.head].until : nil
        }
    }
}
