// SPDX-License-Identifier: Apache-2.0
// A stored state of plain values.

import Inflight
import Topics

@testable import Core

/// What a broker begins with in a test.
final class PlainState: StoredState {
    let sessions: [StoredSession]
    let messages: [Message]
    let retainedNumbers: [MessageNumber]

    /// Messages are numbered from 0.
    init(
        _ sessions: [StoredSession] = [],
        messages: [Message] = [],
        retained: [MessageNumber] = []
    ) {
        self.sessions = sessions
        self.messages = messages
        retainedNumbers = retained
    }

    var sessionCount: Int { sessions.count }
    var retainedCount: Int { retainedNumbers.count }
    func clientIdentifier(at place: Int) -> String { sessions[place].image.clientIdentifier }
    func session(at place: Int) -> StoredSession { sessions[place] }
    func message(_ number: MessageNumber) -> Message? {
        number < messages.count ? messages[Int(number)] : nil
    }
    func retained(at place: Int) -> MessageNumber { retainedNumbers[place] }
}

extension DrivenBroker {
    /// Brings a state back to life, as a start does.
    func restore(_ state: PlainState, clock: WallClock = WallClock()) {
        for worker in workers { worker.restoreRetained(state) }
        for worker in workers { worker.restoreSessions(state, clock: clock) }
        for worker in workers { worker.resumeTime() }
    }

    /// The session of a client identifier, where it lives.
    func session(_ clientIdentifier: String) -> Session? {
        workers[broker.home(of: clientIdentifier)].sessions[clientIdentifier]
    }
}
