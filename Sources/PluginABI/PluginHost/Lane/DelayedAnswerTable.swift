// SPDX-License-Identifier: Apache-2.0
// Who waits for which answer: the bookkeeping behind `DelayedAnswers`, without lock or clock.

import CMosquitto
import Core
import Net
import Results

/// The authentications under way.
///
/// Invariant: whoever `holders` names has an entry, and that entry names the identifier.
struct DelayedAnswerTable {
    typealias Ticket = DelayedAnswers.Ticket
    typealias Kind = DelayedAnswers.Kind
    typealias Result = DelayedAnswers.Result
    typealias Waiting = DelayedAnswers.Waiting
    typealias Suspension = DelayedAnswers.Suspension
    /// Goes on with an authentication whose turn it is.
    typealias Turn = @Sendable () -> Void

    private enum State {
        /// A callback has not returned; a plugin may have been faster.
        case running(early: Result?)
        /// Somebody else has the identifier.
        case inLine(identifier: String, Turn)
        /// The client waits.
        case waiting(Waiting, until: Int64)
        /// The client has left, or its time was up, and the plugin may yet answer.
        case abandoned(until: Int64, isLast: Bool)
    }

    private struct Entry {
        let kind: Kind
        let questionID: QuestionID
        /// The client identifier by which a plugin may answer.
        var identifier: String?
        var hasLeft = false
        var state = State.running(early: nil)
    }

    private var entries: [Ticket: Entry] = [:]
    /// Who has an identifier.
    private var holders: [String: Ticket] = [:]
    /// Who wants it next.
    private var lines: [String: FairLine] = [:]
    private var tickets: [QuestionID: Ticket] = [:]
    /// Deadlines in the order they come due: all waits last equally long.
    private var deadlines: [(until: Int64, ticket: Ticket)] = []
    private var head = 0
    private var lastTicket: Ticket = 0

    /// Authentications under way, abandoned ones among them.
    var count: Int { entries.count }

    mutating func begin(_ kind: Kind, _ questionID: QuestionID) -> Ticket {
        assert(tickets[questionID] == nil, "a question is asked once")
        lastTicket += 1
        entries[lastTicket] = Entry(kind: kind, questionID: questionID)
        tickets[questionID] = lastTicket
        return lastTicket
    }

    mutating func claim(
        _ identifier: String,
        for ticket: Ticket,
        from network: PeerNetwork?,
        _ resume: @escaping Turn
    ) -> Bool {
        guard entries[ticket] != nil else { return true }
        if let own = entries[ticket]?.identifier, holders[own] == ticket { return true }
        guard holders[identifier] == nil else {
            entries[ticket]?.state = .inLine(identifier: identifier, resume)
            lines[identifier, default: FairLine()].append(ticket, from: network)
            return false
        }
        holders[identifier] = ticket
        entries[ticket]?.identifier = identifier
        return true
    }

    /// Who has an identifier.
    func holder(of identifier: String) -> Ticket? { holders[identifier] }

    /// Ends an authentication; returns who is next.
    mutating func end(_ ticket: Ticket) -> Turn? {
        guard let entry = entries.removeValue(forKey: ticket) else { return nil }
        if tickets[entry.questionID] == ticket { tickets[entry.questionID] = nil }
        if case .inLine(let identifier, _) = entry.state {
            lines[identifier]?.remove(ticket)
            if lines[identifier]?.isEmpty == true { lines[identifier] = nil }
        }
        guard let identifier = entry.identifier else { return nil }
        return release(identifier, of: ticket)
    }

    /// Gives an identifier back, to the next one in line.
    private mutating func release(_ identifier: String, of ticket: Ticket) -> Turn? {
        assert(holders[identifier] == ticket, "only its holder gives an identifier back")
        holders[identifier] = nil
        guard let next = lines[identifier]?.removeFirst() else { return nil }
        if lines[identifier]?.isEmpty == true { lines[identifier] = nil }
        guard case .inLine(_, let turn) = entries[next]?.state else {
            preconditionFailure("who is in a line waits there")
        }
        // It is the holder already: nobody may come in between.
        holders[identifier] = next
        entries[next]?.identifier = identifier
        entries[next]?.state = .running(early: nil)
        return turn
    }

    /// - Parameter identifier: by which the plugin answers; nil when it has the ticket
    mutating func suspend(
        _ waiting: Waiting,
        _ identifier: String?,
        until: Int64
    ) -> (Suspension, Turn?) {
        let ticket = waiting.login.ticket
        guard let entry = entries[ticket], case .running(let early) = entry.state else {
            return (.left, nil)
        }
        if let early {
            entries[ticket]?.state = .running(early: nil)
            return (.decided(early), nil)
        }
        var next: Turn?
        if let held = entry.identifier, held != identifier {
            next = release(held, of: ticket)
            entries[ticket]?.identifier = nil
        }
        if let identifier, holders[identifier] != ticket {
            // A client that was renamed meets one that is asked about under its new name.
            guard holders[identifier] == nil else {
                return (.decided(Result(code: ResultCode.unknown)), next)
            }
            holders[identifier] = ticket
            entries[ticket]?.identifier = identifier
        }
        if entry.hasLeft {
            guard identifier != nil else {
                let ended = end(ticket)
                return (.left, next ?? ended)
            }
            entries[ticket]?.state = .abandoned(until: until, isLast: false)
        } else {
            entries[ticket]?.state = .waiting(waiting, until: until)
        }
        let isFirst = note(ticket, until: until)
        return (entry.hasLeft ? .left : .waits(isFirst: isFirst), next)
    }

    private mutating func note(_ ticket: Ticket, until: Int64) -> Bool {
        deadlines.append((until, ticket))
        return deadlines.count - head == 1
    }

    /// A plugin has decided; `kind` nil accepts either.
    mutating func complete(
        _ ticket: Ticket,
        _ kind: Kind?,
        _ result: Result
    ) -> (Waiting?, Turn?) {
        guard let entry = entries[ticket], kind == nil || kind == entry.kind else {
            return (nil, nil)
        }
        switch entry.state {
        case .running(early: nil):
            entries[ticket]?.state = .running(early: result)
            return (nil, nil)
        case .running, .inLine: return (nil, nil)
        case .waiting(let waiting, _):
            entries[ticket]?.state = .running(early: nil)
            return (waiting, nil)
        case .abandoned: return (nil, end(ticket))
        }
    }

    /// Whether somebody waits for an answer.
    func isAwaited(_ ticket: Ticket) -> Bool {
        guard let entry = entries[ticket], !entry.hasLeft else { return false }
        if case .abandoned = entry.state { return false }
        return true
    }

    /// The client has left; returns who is next.
    mutating func forget(_ questionID: QuestionID) -> Turn? {
        guard let ticket = tickets.removeValue(forKey: questionID), let entry = entries[ticket]
        else {
            return nil
        }
        switch entry.state {
        case .running:
            // The callback, or what follows it, ends the entry.
            entries[ticket]?.hasLeft = true
            return nil
        case .inLine: return end(ticket)
        case .waiting(_, let until):
            guard entry.identifier != nil else { return end(ticket) }
            entries[ticket]?.state = .abandoned(until: until, isLast: false)
            return nil
        case .abandoned: return nil
        }
    }

    /// Takes out those whose time is up.
    ///
    /// - Parameter extra: how long an identifier is kept for an answer that may yet come
    mutating func expire(now: Int64, extra: Int64) -> (expired: [Waiting], turns: [Turn]) {
        var expired: [Waiting] = []
        var turns: [Turn] = []
        // What is added on the way is due later.
        let end = deadlines.count
        while head < end, deadlines[head].until <= now {
            let (due, ticket) = deadlines[head]
            head += 1
            guard let entry = entries[ticket] else { continue }
            var isOver = true
            switch entry.state {
            case .waiting(let waiting, due):
                expired.append(waiting)
                tickets[entry.questionID] = nil
                isOver = entry.identifier == nil
            case .abandoned(due, let isLast): isOver = isLast
            default: continue
            }
            if isOver {
                if let turn = self.end(ticket) { turns.append(turn) }
            } else {
                entries[ticket]?.state = .abandoned(until: due + extra, isLast: true)
                _ = note(ticket, until: due + extra)
            }
        }
        if head * 2 >= deadlines.count {
            deadlines.removeFirst(head)
            head = 0
        }
        return (expired, turns)
    }

    /// Takes out those who wait for a plugin that will not answer, and frees their identifiers.
    mutating func abandon(_ plugin: LoadedPlugin) -> (waiting: [Waiting], turns: [Turn]) {
        var abandoned: [Waiting] = []
        var turns: [Turn] = []
        for (ticket, entry) in entries {
            guard case .waiting(let waiting, _) = entry.state, waiting.plugin === plugin else {
                continue
            }
            abandoned.append(waiting)
            if let turn = end(ticket) { turns.append(turn) }
        }
        return (abandoned, turns)
    }

    /// All that wait for a plugin.
    var waiting: [Waiting] {
        entries.values.compactMap { entry in
            if case .waiting(let waiting, _) = entry.state { waiting } else { nil }
        }
    }

    /// The moment the next one is due; nil when nobody waits.
    var nextDeadline: Int64? { head < deadlines.count ? deadlines[head].until : nil }

    /// Whether the parts fit together; for tests.
    func checkInvariants() -> Bool {
        holders.allSatisfy { entries[$0.value]?.identifier == $0.key }
            && lines.allSatisfy { holders[$0.key] != nil && !$0.value.isEmpty }
            && tickets.allSatisfy { entries[$0.value]?.questionID == $0.key }
    }
}
