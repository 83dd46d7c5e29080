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
/// first.
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

    /// An authentication that waits for a plugin.
    struct Waiting: Sendable {
        let asker: Asker
        let identity: ClientIdentity
        let kind: Kind
        /// Who decides; for log lines.
        let pluginName: String
        /// What is still to be asked if a built-in file has accepted.
        let rest: BasicAuthentication?
    }

    private enum State {
        /// The callback has not returned; a plugin may have been faster.
        case calling(Kind, early: Result?)
        /// The client waits.
        case waiting(Waiting, until: Int64)
        /// The client has left.
        case abandoned(Kind, until: Int64)
    }

    private struct Table {
        var states: [String: State] = [:]
        var identifiers: [Asker: String] = [:]
        /// Deadlines in the order they come due: all waits last equally long.
        var deadlines: [(until: Int64, identifier: String)] = []
        var head = 0
    }

    private let table = Mutex(Table())
    private let timeout: Atomic<Int>

    init(timeoutSeconds: Int) {
        timeout = Atomic(timeoutSeconds)
    }

    /// Puts another timeout in force for those who come.
    func setTimeout(seconds: Int) { timeout.store(seconds, ordering: .relaxed) }

    /// A callback is about to run for a client.
    ///
    /// False when one of that name is pending already.
    func begin(_ identifier: String, _ kind: Kind) -> Bool {
        table.withLock { table in
            guard table.states[identifier] == nil else { return false }
            table.states[identifier] = .calling(kind, early: nil)
            return true
        }
    }

    /// The callback has returned and decided.
    func end(_ identifier: String) {
        table.withLock { table in
            if case .calling = table.states[identifier] { table.states[identifier] = nil }
        }
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
        return table.withLock { table in
            if case .calling(_, .some(let early)) = table.states[identifier] {
                table.states[identifier] = nil
                return .decided(early)
            }
            table.states[identifier] = nil
            // A client that was renamed may meet one that is waiting under its new name.
            guard table.states[current] == nil else {
                return .decided(Result(code: MOSQ_ERR_UNKNOWN.rawValue))
            }
            table.states[current] = .waiting(waiting, until: until)
            table.identifiers[waiting.asker] = current
            table.deadlines.append((until, current))
            return .waits(isFirst: table.deadlines.count - table.head == 1)
        }
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
        table.withLock { table in
            switch table.states[identifier] {
            case .calling(kind, early: nil):
                table.states[identifier] = .calling(kind, early: result)
                return .noted
            case .waiting(let waiting, _) where waiting.kind == kind:
                table.states[identifier] = nil
                table.identifiers[waiting.asker] = nil
                return .resolved(waiting)
            case .abandoned(kind, _):
                table.states[identifier] = nil
                return .noted
            default: return .unknown
            }
        }
    }

    /// The client has left.
    func forget(_ asker: Asker) {
        table.withLock { table in
            guard let identifier = table.identifiers.removeValue(forKey: asker),
                case .waiting(let waiting, let until) = table.states[identifier]
            else { return }
            table.states[identifier] = .abandoned(waiting.kind, until: until)
        }
    }

    /// Takes out everybody whose time is up.
    func expire(now: Int64) -> [Waiting] {
        table.withLock { table in
            var expired: [Waiting] = []
            while table.head < table.deadlines.count, table.deadlines[table.head].until <= now {
                let (due, identifier) = table.deadlines[table.head]
                table.head += 1
                switch table.states[identifier] {
                case .waiting(let waiting, due):
                    table.states[identifier] = nil
                    table.identifiers[waiting.asker] = nil
                    expired.append(waiting)
                case .abandoned(_, due): table.states[identifier] = nil
                default: break
                }
            }
            if table.head * 2 >= table.deadlines.count {
                table.deadlines.removeFirst(table.head)
                table.head = 0
            }
            return expired
        }
    }

    /// The moment the next one is due; nil when nobody waits.
    var nextDeadline: Int64? {
        table.withLock { table in
            table.head < table.deadlines.count ? table.deadlines[table.head].until : nil
        }
    }
}
