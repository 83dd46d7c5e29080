// SPDX-License-Identifier: Apache-2.0
// Deliveries that plugins have a say in.

import MQTT
import Topics

extension Session {
    /// Finds out whether a run may go the ordinary way as a whole.
    ///
    /// If not, its entries are delivered, dropped or asked about one by one, and false is returned.
    func isReadable(
        _ run: UnsafePublishRun,
        _ entries: Range<Int>,
        _ destination: Destination,
        _ qos: UInt8,
        _ events: HookEvents
    ) -> Bool {
        let isDirect = !events.contains(.access) || events.contains(.accessIsDirect)
        if isDirect, !events.contains(.messageOut), events.contains(.accessIsByTopic) {
            return mayRead(run.publication(entries.lowerBound))
        }
        let isRetained = run.isRetained && destination.options.isRetainAsPublished
        if !isDirect {
            askAbout(run, entries, destination, qos, isRetained, events)
            return false
        }
        for index in entries {
            deliverChecked(
                run.publication(index),
                qos: qos,
                isRetained: isRetained,
                subscriptionIdentifier: destination.subscriptionIdentifier,
                events
            ) { run.message(index) }
        }
        return false
    }

    /// Asks about all messages of a run at once.
    private func askAbout(
        _ run: UnsafePublishRun,
        _ entries: Range<Int>,
        _ destination: Destination,
        _ qos: UInt8,
        _ isRetained: Bool,
        _ events: HookEvents
    ) {
        let isFiltered = events.contains(.messageOut) && qos == 0 && client != nil
        var questions: [DeliveryQuestion] = []
        questions.reserveCapacity(entries.count)
        for index in entries {
            guard undecidedCount < undecidedMax else {
                drop()
                continue
            }
            undecidedCount += 1
            questions.append(
                DeliveryQuestion(
                    message: run.message(index),
                    qos: qos,
                    isRetained: isRetained,
                    checksAccess: events.contains(.access),
                    isFiltered: isFiltered
                )
            )
        }
        guard !questions.isEmpty else { return }
        let handle = handle
        let worker = worker
        let asked = questions
        let identifier = destination.subscriptionIdentifier
        _ = worker.ask(.deliver(identity, asked)) { answer in
            guard let session = worker.sessions[handle] else { return }
            session.undecidedCount -= asked.count
            guard case .deliver(let verdicts) = answer else { return }
            for (verdict, question) in zip(verdicts, asked) {
                session.conclude(verdict, question, identifier)
            }
        }
    }

    /// Deliveries that may await a decision: a slow plugin fills no memory, and a burst is not cut.
    private var undecidedMax: Int { max(worker.limits.queuedMessagesMax, 10_000) }

    private func mayRead(_ publication: borrowing UnsafePublication) -> Bool {
        worker.checkAccess(.read, identity, publication) == 0
    }

    /// Delivers one message if the client may read it; MESSAGE_OUT is raised for it as well.
    func deliverChecked(
        _ publication: UnsafePublication,
        qos: UInt8,
        isRetained: Bool,
        subscriptionIdentifier: UInt32,
        _ events: HookEvents,
        message: () -> Message
    ) {
        let isDirect = !events.contains(.access) || events.contains(.accessIsDirect)
        // MESSAGE_OUT is raised when a message goes out: now for QoS 0, by the window for others.
        let isFiltered = events.contains(.messageOut) && qos == 0 && client != nil
        if isDirect, !isFiltered {
            guard !events.contains(.access) || mayRead(publication) else { return }
            return deliver(
                publication,
                qos: qos,
                isRetained: isRetained,
                subscriptionIdentifier: subscriptionIdentifier,
                message: message
            )
        }
        guard undecidedCount < undecidedMax else { return drop() }
        let stored = message()
        let question = DeliveryQuestion(
            message: stored,
            qos: qos,
            isRetained: isRetained,
            checksAccess: events.contains(.access),
            isFiltered: isFiltered
        )
        let handle = handle
        let worker = worker
        undecidedCount += 1
        _ = worker.ask(.deliver(identity, [question])) { answer in
            guard let session = worker.sessions[handle] else { return }
            session.undecidedCount -= 1
            guard case .deliver(let verdicts) = answer, let verdict = verdicts.first else { return }
            session.conclude(verdict, question, subscriptionIdentifier)
        }
    }

    private func conclude(
        _ verdict: DeliveryVerdict,
        _ question: DeliveryQuestion,
        _ subscriptionIdentifier: UInt32
    ) {
        let (message, qos, isRetained): (Message, UInt8, Bool)
        switch verdict {
        case .denied: return
        case .allowed:
            (message, qos, isRetained) = (question.message, question.qos, question.isRetained)
        case .replaced(let other, let newQoS, let retained):
            (message, qos, isRetained) = (other, newQoS, retained)
        }
        message.withPublication { publication in
            deliver(
                publication,
                qos: qos,
                isRetained: isRetained,
                subscriptionIdentifier: subscriptionIdentifier
            ) { message }
        }
    }
}
