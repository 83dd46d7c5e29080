// SPDX-License-Identifier: Apache-2.0
// What happens to sessions, as persistence plugins are told.

import Config
import Inflight
import MQTT
import Net
import TopicRules
import Topics

extension StateReporter {
    // MARK: Clients come and go

    /// A client is let in.
    func noteEntered(_ session: Session) {
        // The end of an earlier session is told before CONNECT, this after.
        worker.sendOutboxes()
        let isNew = session.isPersistent && !session.mark.isKept
        if isNew {
            session.mark.isKept = true
            note(.clientAdded(client(session)))
            noteWill(session)
        } else if session.mark.isKept, lifetime(session) != .max {
            // Else it would end by the time that was set when its client had left.
            update(session)
        } else {
            noteWill(session)
        }
    }

    /// A client has left a session that goes on.
    func noteLeft(_ session: Session) {
        assert(session.peer == nil, "it has left")
        if session.mark.isKept, lifetime(session) != .max || session.deadlines.willDueAt != 0 {
            update(session)
        } else {
            noteWill(session)
        }
    }

    /// A change of a session is always followed by its will, or by the end of that.
    private func update(_ session: Session) {
        note(.clientUpdated(client(session)))
        if session.will == nil { session.mark.hasWill = true }
        noteWill(session)
    }

    /// A client is about to come back to its session; without `request` it gets a new one.
    func noteRetiring(_ session: Session, _ request: ConnectRequest?) {
        guard let request else { return willStartAnew(session) }
        let wanted = request.packet.receiveMaximum.map(Int.init) ?? .max
        let limit = worker.settings.configuration.maxInflightMessages
        willResume(session, inFlightMax: limit > 0 ? min(limit, wanted) : wanted)
    }

    /// A session is about to end because its client wants a new one: it is unsubscribed from everything.
    private func willStartAnew(_ session: Session) {
        guard session.mark.isKept else { return }
        for slot in 0..<session.subscriptions.slotEnd {
            guard let subscription = session.subscriptions[slot] else { continue }
            note(.unsubscribed(session.identity, filter: subscription.text))
        }
    }

    /// The will of a session may be another one, or be gone.
    func noteWill(_ session: Session) {
        if let will = session.will {
            session.mark.hasWill = true
            note(.willSet(session.identity, will))
        } else if session.mark.hasWill {
            session.mark.hasWill = false
            note(.willDeleted(session.identity))
        }
    }

    /// A client is about to come back to its session: what is under way will be sent again, and as much of
    /// what waits as there is room for.
    func willResume(_ session: Session, inFlightMax: Int) {
        guard session.mark.isKept else { return }
        var count = 0
        for place in session.outgoing.window.places {
            guard count < inFlightMax else { break }
            let (qos, _) = session.outgoing.window.form(at: place)
            var state = KeptState.publish(qos: qos)
            var isDuplicate = true
            switch session.outgoing.window.state(at: place) {
            case .ended: continue
            case .awaitingPubcomp: state = .resendPubrel
            case .queued:
                guard qos > 0 else { continue }
                isDuplicate = false
            default: break
            }
            count += 1
            guard session.outgoing.entry(place) != 0 else { continue }
            note(.updated, place, state, isDuplicate: isDuplicate, of: session)
        }
        worker.sendOutboxes()
    }

    private func lifetime(_ session: Session) -> UInt32 {
        worker.settings.configuration.lifetime(expiryInterval: session.expiryInterval)
    }

    private func client(_ session: Session) -> KeptClient {
        let clock = WallClock(worker.reactor)
        func second(_ deadline: Int64) -> Int64 {
            deadline == 0 || session.peer != nil ? 0 : clock.second(at: deadline)
        }
        let client = session.peer
        let listener = session.identity.listener
        return KeptClient(
            identity: session.identity,
            expiryInterval: session.expiryInterval,
            expiryTime: second(session.deadlines.expiresAt),
            willDelayInterval: session.will?.delayInterval ?? 0,
            willDelayTime: second(session.deadlines.willDueAt),
            packetSizeMax: client.map { $0.packetSizeMax == .max ? 0 : $0.packetSizeMax } ?? 0,
            qosMax: UInt8(clamping: listener?.configuration.maxQoS ?? 2),
            isRetainAvailable: worker.settings.configuration.retainAvailable
        )
    }

    /// A session ends.
    private func end(_ session: Session) {
        if session.mark.isKept {
            var numbers: [MessageNumber] = []
            for place in session.outgoing.window.places {
                guard session.outgoing.window.state(at: place) != .ended,
                    session.outgoing.entry(place) != 0
                else { continue }
                numbers.append(session.outgoing[place].number)
            }
            for (_, message) in session.incoming?.all ?? [] { numbers.append(message.number) }
            note(.willDeleted(session.identity))
            note(.clientDeleted(session.identity, numbers))
        } else {
            note(.willDeleted(session.identity))
        }
        session.mark = KeptMark(rawValue: 0)
    }

    // MARK: Messages

    @inline(__always)
    private func append(
        _ kind: ChangeStep.Kind,
        _ client: Unmanaged<ClientIdentity>,
        _ message: Unmanaged<MessageStorage>,
        _ delivery: KeptDelivery
    ) {
        lentChanges._withUnsafeGuaranteedRef { $0.append(kind, client, message, delivery) }
    }

    @inline(__always)
    private func append(
        _ kind: ChangeStep.Kind,
        _ client: Unmanaged<ClientIdentity>,
        _ delivery: KeptDelivery
    ) {
        lentChanges._withUnsafeGuaranteedRef { $0.append(kind, client, delivery) }
    }

    /// The message at a place as it is now.
    @inline(__always)
    private func delivery(
        at place: Int,
        of session: Session,
        _ form: (qos: UInt8, isRetained: Bool),
        _ state: KeptState
    ) -> KeptDelivery {
        KeptDelivery(
            message: session.outgoing.number(place),
            entry: UInt64(session.outgoing.entry(place)),
            subscriptionIdentifier: session.outgoing.subscriptionIdentifier(place),
            identifier: session.outgoing.window.wantedIdentifier(at: place),
            qos: form.qos,
            isRetained: form.isRetained,
            isOutgoing: true,
            state: state
        )
    }

    /// The message at a place has come further.
    private func note(
        _ kind: ChangeStep.Kind,
        _ place: Int,
        _ state: KeptState,
        isDuplicate: Bool,
        of session: Session
    ) {
        let form = session.outgoing.window.form(at: place)
        var delivery = delivery(at: place, of: session, form, state)
        delivery.isDuplicate = isDuplicate
        append(kind, session.lentIdentity, delivery)
    }

    private func update(_ place: Int, _ state: KeptState, of session: Session) {
        guard session.outgoing.entry(place) != 0 else { return }
        // A plugin may have changed the QoS.
        session.outgoing.setEntry(place, session.outgoing.entry(place))
        note(.updated, place, state, isDuplicate: true, of: session)
    }

    /// A QoS 2 message from a client: its number tells it apart from all others.
    private func incoming(
        _ message: Message,
        _ identifier: UInt16,
        _ state: KeptState
    ) -> KeptDelivery {
        KeptDelivery(
            message: message.number,
            entry: message.number,
            identifier: identifier,
            sourceIdentifier: identifier,
            qos: 2,
            isRetained: message.isRetained,
            isOutgoing: false,
            state: state
        )
    }
}

extension StateReporter: SessionListener {
    func number(of message: Message) -> MessageNumber { message.number }

    func numbered(_ message: Message) -> Message {
        guard message.number == 0 else { return message }
        let number = takeNumbers(1)
        return message.withPublication { publication in
            var publication = copy publication
            publication.number = number
            return Message.make(publication)
        }
    }

    func session(_ session: Session, changed change: SessionChange) {
        switch change {
        case .subscribed(let subscription):
            guard session.mark.isKept else { return }
            note(
                .subscribed(
                    session.identity,
                    filter: SessionSubscription(subscription).text,
                    options: subscription.options,
                    identifier: subscription.identifier
                )
            )
        case .unsubscribed(let filter, let shareName):
            guard session.mark.isKept else { return }
            let text = shareName.map { SharedFilter.text(shareName: $0, filter: filter) } ?? filter
            note(.unsubscribed(session.identity, filter: text))
        case .sent(let place, _, let qos, _):
            update(place, .awaitingAnswer(qos: qos), of: session)
        case .released(let identifier):
            guard let place = session.outgoing.window.place(inFlight: identifier) else { return }
            update(place, .awaitingPubcomp, of: session)
        default: break
        }
    }

    func session(_ session: Session, queued message: Message, _ form: DeliveryForm, place: Int) {
        var mark = session.mark
        guard mark.isKept else { return }
        let entry = mark.takeEntry()
        session.mark = mark
        session.outgoing.setEntry(place, entry, qos: form.qos, isRetained: form.isRetained)
        let goesOut = session.outlet.map { outlet in
            session.outgoing.window.mayStart(place, outlet.limits)
        }
        let delivery = KeptDelivery(
            message: session.outgoing.number(place),
            entry: UInt64(entry),
            subscriptionIdentifier: form.subscriptionIdentifier,
            identifier: session.outgoing.window.wantedIdentifier(at: place),
            sourceIdentifier: sourceIdentifier(of: session.outgoing.lent(place)),
            qos: form.qos,
            isRetained: form.isRetained,
            isOutgoing: true,
            state: goesOut == true ? .publish(qos: form.qos) : .queued
        )
        append(.added, session.lentIdentity, session.outgoing.lent(place), delivery)
    }

    func session(
        _ session: Session,
        started batch: PublishBatch,
        qos: UInt8,
        place: Int,
        identifier: UInt16
    ) {
        var mark = session.mark
        guard mark.isKept else { return }
        let client = session.lentIdentity
        var identifier = identifier
        for index in 0..<batch.count {
            let place = place + index
            let entry = mark.takeEntry()
            session.outgoing.setEntry(place, entry, qos: qos, isRetained: false)
            let delivery = KeptDelivery(
                message: session.outgoing.number(place),
                entry: UInt64(entry),
                identifier: identifier,
                sourceIdentifier: batch[index].packetIdentifier,
                qos: qos,
                isRetained: false,
                isOutgoing: true,
                state: .awaitingAnswer(qos: qos)
            )
            append(.sent, client, session.outgoing.lent(place), delivery)
            identifier = PacketIdentifiers.next(identifier)
        }
        session.mark = mark
    }

    /// Each was told of before it was taken off the window.
    func session(_ session: Session, acknowledged stretch: IdentifierStretch) {}

    func session(_ session: Session, resent place: Int, qos: UInt8) {
        update(place, .awaitingAnswer(qos: qos), of: session)
    }

    func session(_ session: Session, willEnd place: Int, _ identifier: UInt16) {
        let entry = session.outgoing.entry(place)
        guard entry != 0 else { return }
        let (qos, isRetained) = session.outgoing.toldForm(place)
        let delivery = KeptDelivery(
            message: session.outgoing.number(place),
            entry: UInt64(entry),
            subscriptionIdentifier: session.outgoing.subscriptionIdentifier(place),
            identifier: identifier,
            qos: qos,
            isRetained: isRetained,
            isDuplicate: qos > 0,
            isOutgoing: true,
            state: .lastOf(qos: qos)
        )
        append(.deleted, session.lentIdentity, delivery)
    }

    func session(_ session: Session, received message: Message, _ identifier: UInt16) {
        guard session.mark.isKept else { return }
        let delivery = incoming(message, identifier, .awaitingPubrel)
        append(
            .added,
            session.lentIdentity,
            .passUnretained(message.storage),
            delivery
        )
    }

    func session(_ session: Session, completed message: Message, _ identifier: UInt16) {
        guard session.mark.isKept else { return }
        let delivery = incoming(message, identifier, .awaitingPubrel)
        append(.deleted, session.lentIdentity, delivery)
    }

    func sessionWillEnd(_ session: Session) { end(session) }
}
