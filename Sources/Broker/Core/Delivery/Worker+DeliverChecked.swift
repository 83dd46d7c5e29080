// SPDX-License-Identifier: Apache-2.0
// Deliveries that plugins have a say in.

import MQTT
import Persist
import Topics

extension Worker {
    /// Finds out whether a batch may go the ordinary way as a whole.
    ///
    /// If not, its entries are delivered, dropped or asked about one by one, and false is returned.
    func isReadable(
        _ batch: PublishBatch,
        _ entries: Range<Int>,
        by session: Session,
        _ destination: Destination,
        _ qos: UInt8,
        _ events: HookEvents
    ) -> Bool {
        let isDirect = !events.contains(.access) || events.contains(.accessIsDirect)
        if isDirect, !events.contains(.messageOut), events.contains(.accessIsByTopic) {
            if mayRead(batch.publication(entries.lowerBound), session) { return true }
            session.drop(.accessDenied, entries.count)
            recorder?.decline(batch, entries, by: session, .denied)
            return false
        }
        let form = DeliveryForm(
            qos: qos,
            isRetained: batch.isRetained && destination.options.isRetainAsPublished,
            subscriptionIdentifier: destination.subscriptionIdentifier
        )
        if !isDirect {
            ask(about: entries.map { batch.message($0) }, for: session, form, events)
            return false
        }
        for index in entries {
            deliverChecked(batch.publication(index), to: session, form, events) {
                batch.message(index)
            }
        }
        return false
    }

    private func mayRead(_ publication: borrowing UnsafePublication, _ session: Session) -> Bool {
        checkAccess(.read, session.identity, publication) == 0
    }

    /// Delivers one message if the client may read it; MESSAGE_OUT is raised for it as well.
    func deliverChecked(
        _ publication: UnsafePublication,
        to session: Session,
        _ form: DeliveryForm,
        _ events: HookEvents,
        message: () -> Message
    ) {
        let isDirect = !events.contains(.access) || events.contains(.accessIsDirect)
        // What needs no decision still comes behind what plugins have yet to decide about.
        if isDirect, !isFiltered(form, session, events), session.undecidedCount == 0 {
            guard !events.contains(.access) || mayRead(publication, session) else {
                session.drop(.accessDenied)
                recorder?.decline(publication, by: session, .denied)
                return
            }
            return deliver(publication, to: session, form, message: message)
        }
        ask(about: [message()], for: session, form, events)
    }

    /// MESSAGE_OUT is raised when a message goes out: now for QoS 0, by the outlet for others.
    private func isFiltered(
        _ form: DeliveryForm,
        _ session: Session,
        _ events: HookEvents
    ) -> Bool {
        events.contains(.messageOut) && form.qos == 0 && session.peer != nil
    }

    /// Asks about messages for one session at once.
    private func ask(
        about messages: [Message],
        for session: Session,
        _ form: DeliveryForm,
        _ events: HookEvents
    ) {
        let isFiltered = isFiltered(form, session, events)
        var questions: [DeliveryQuestion] = []
        questions.reserveCapacity(messages.count)
        for message in messages {
            guard session.undecidedCount < undecidedMax else {
                message.withPublication { recorder?.decline($0, by: session, .queueFull) }
                drop(for: session, .queueFull)
                continue
            }
            session.undecidedCount += 1
            questions.append(
                DeliveryQuestion(
                    message: message,
                    qos: form.qos,
                    isRetained: form.isRetained,
                    checksAccess: events.contains(.access),
                    isFiltered: isFiltered,
                    isBehindOthers: session.undecidedCount > questions.count + 1
                )
            )
        }
        guard !questions.isEmpty else { return }
        let handle = session.handle
        let identity = session.identity
        let asked = questions
        let ticket = recorder?.noteUndecided(asked.map(\.message), form, for: session)
        _ = ask(.deliver(identity, asked)) { [self] answer in
            if let ticket { recorder?.noteDecided(ticket, for: handle) }
            // By handle: the session may have ended, and another one begun, meanwhile.
            guard let session = sessions[handle] else { return }
            session.undecidedCount -= asked.count
            guard case .deliver(let decisions) = answer else { return }
            for (decision, question) in zip(decisions, asked) {
                count(decision, about: question)
                if session.identity === identity {
                    conclude(decision, question, for: session, form)
                } else {
                    // Somebody else has the session by now: what counts is what he may read.
                    decideAgain(question, for: session, form)
                }
            }
        }
    }

    private func decideAgain(
        _ question: DeliveryQuestion,
        for session: Session,
        _ form: DeliveryForm
    ) {
        let events = events(of: session.identity)
        question.message.withPublication { publication in
            deliverChecked(publication, to: session, form, events) { question.message }
        }
    }

    /// Deliveries that may await a decision: a slow plugin fills no memory, and a burst is not cut.
    private var undecidedMax: Int { max(limits.queuedMessagesMax, 10_000) }

    private func conclude(
        _ decision: DeliveryDecision,
        _ question: DeliveryQuestion,
        for session: Session,
        _ form: DeliveryForm
    ) {
        var form = form
        let message: Message
        switch decision {
        case .denied:
            session.drop(question.isFiltered ? .plugin : .accessDenied)
            question.message.withPublication { recorder?.decline($0, by: session, .denied) }
            return
        case .allowed: message = question.message
        case .replaced(let other, let qos, let isRetained):
            question.message.withPublication { recorder?.decline($0, by: session, .other) }
            message = other
            form.qos = qos
            form.isRetained = isRetained
        }
        message.withPublication { deliver($0, to: session, form) { message } }
    }
}
