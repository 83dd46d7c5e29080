// SPDX-License-Identifier: Apache-2.0
// Deliveries that plugins have yet to decide about: an image of the session has them as pending.

import Topics

/// Messages that were recorded for durable sessions and that neither went in nor were declined,
/// because plugins have not answered yet.
struct UndecidedDeliveries {
    /// Messages that were asked about at once.
    struct Question {
        let messages: [Message]
        let form: DeliveryForm
    }

    private var questions: [SessionHandle: [UInt64: Question]] = [:]
    private var lastTicket: UInt64 = 0

    /// Whether there are none.
    var isEmpty: Bool { questions.isEmpty }

    /// Plugins are asked; the ticket says when they have answered.
    mutating func add(_ question: Question, for session: SessionHandle) -> UInt64 {
        lastTicket += 1
        questions[session, default: [:]][lastTicket] = question
        return lastTicket
    }

    /// Plugins have answered.
    mutating func remove(_ ticket: UInt64, for session: SessionHandle) {
        questions[session]?[ticket] = nil
        if questions[session]?.isEmpty == true { questions[session] = nil }
    }

    /// What is undecided for a session, in the order in which it was asked about.
    func all(for session: SessionHandle) -> [Question] {
        guard let asked = questions[session] else { return [] }
        return asked.sorted { $0.key < $1.key }.map(\.value)
    }
}
