// SPDX-License-Identifier: Apache-2.0
// Records about sessions.

import Inflight
import MQTT
import Persist

extension Recorder: SessionListener {
    func number(of message: Message) -> MessageNumber { keep(message) }

    func session(_ session: Session, changed change: SessionChange) {
        switch change {
        case .attached: attach(session)
        case .willChanged(let will):
            // A client with a will is remembered until it has gone, whatever its session is.
            if will != nil, session.logNumber == 0 { begin(session) }
            if session.logNumber != 0 { buffer.write(.willChanged(session.logNumber, will)) }
        case .expiryChanged(let interval):
            guard session.logNumber != 0 else { return }
            buffer.write(.expiryChanged(session.logNumber, interval))
            noteDurability(session)
        case .detached:
            if session.logNumber != 0 { buffer.write(.detached(session.logNumber, at: wallNow)) }
        case .ended: end(session)
        default: if isDurable(session) { write(change, session.logNumber) }
        }
    }

    /// A session was restored: from the log, or from elsewhere, and a checkpoint will record it.
    func adopt(_ session: Session) {
        if session.logNumber == 0 { session.logNumber = log.nextNumber() }
        noteDurability(session)
    }

    private func attach(_ session: Session) {
        if session.isPersistent || session.logNumber != 0 { begin(session) }
    }

    private func begin(_ session: Session) {
        let isNew = session.logNumber == 0
        if isNew { session.logNumber = log.nextNumber() }
        buffer.write(
            .attached(
                session.logNumber,
                LogIdentity(session.identity),
                expiryInterval: session.expiryInterval,
                isNew: isNew
            )
        )
        recordBridge(of: session)
        noteDurability(session)
    }

    /// Records which bridge a session is of, behind what begins it.
    func recordBridge(of session: Session) {
        guard let name = worker.bridges.name(of: session.handle) else { return }
        buffer.write(.identity(session.logNumber, LogIdentity(clientIdentifier: name)))
    }

    /// Tells the workers of publishers whether the session's messages are recorded.
    private func noteDurability(_ session: Session) {
        let number = session.isPersistent ? session.logNumber : 0
        log.numbers[worker.index].set(number, of: session.handle)
    }

    private func end(_ session: Session) {
        guard session.logNumber != 0 else { return }
        buffer.write(.ended(session.logNumber))
        log.numbers[worker.index].set(0, of: session.handle)
        session.logNumber = 0
    }

    private func write(_ change: SessionChange, _ number: SessionNumber) {
        switch change {
        case .subscribed(let subscription): buffer.write(.subscribed(number, subscription))
        case .unsubscribed(let filter, let shareName):
            buffer.write(.unsubscribed(number, filter: filter, shareName: shareName))
        case .retainedBegan(let subscription): buffer.write(.retainedBegan(number, subscription))
        case .retainedEnded(let filter): buffer.write(.retainedEnded(number, filter: filter))
        case .sent(let place, let identifier, let qos, let last):
            buffer.write(
                .sent(
                    LogSending(
                        session: number,
                        sequence: UInt64(place),
                        identifiers: IdentifierStretch(first: identifier),
                        qos: qos,
                        lastIdentifier: last
                    )
                )
            )
        case .discarded(let place): drop(place, of: number)
        case .dropped(_, let places): for place in places { drop(place, of: number) }
        case .acknowledged(let identifier):
            buffer.write(.acknowledged(number, IdentifierStretch(first: identifier)))
        case .released(let identifier):
            buffer.write(.released(number, IdentifierStretch(first: identifier)))
        case .completed(let identifier):
            buffer.write(.completed(number, IdentifierStretch(first: identifier)))
        default: assertionFailure("it is written elsewhere")
        }
    }

    private func drop(_ place: Int, of number: SessionNumber) {
        buffer.write(.dropped(number, sequence: UInt64(place), count: 1, .other))
    }

    // MARK: Messages

    func session(_ session: Session, queued message: Message, _ form: DeliveryForm, place: Int) {
        guard isDurable(session) else { return }
        // While the writer is behind, what is promised to nobody is in memory alone, and in the next
        // image: else it would have no bound.
        if form.qos == 0, isCongested, message.number == 0 { return }
        let number = keep(message)
        let destination = LogDestination(
            session: session.logNumber,
            qos: form.qos,
            isRetained: form.isRetained,
            subscriptionIdentifier: form.subscriptionIdentifier,
            fate: .queued(sequence: UInt64(place))
        )
        buffer.write(delivered: number, to: destination)
    }

    func session(
        _ session: Session,
        started batch: PublishBatch,
        qos: UInt8,
        place: Int,
        identifier: UInt16
    ) {
        guard isDurable(session) else { return }
        var destination = LogDestination(
            session: session.logNumber,
            qos: qos,
            fate: .sent(sequence: UInt64(place), identifier: identifier)
        )
        if checkpoint == nil, let first = batch.numbersInRow {
            return buffer.write(delivered: first, count: batch.count, to: destination)
        }
        for index in 0..<batch.count {
            var number = batch.number(index)
            if number == 0 || checkpoint != nil { number = keep(session.outgoing[place + index]) }
            buffer.write(delivered: number, to: destination)
            destination.advance()
        }
    }

    func session(_ session: Session, acknowledged stretch: IdentifierStretch) {
        guard isDurable(session) else { return }
        buffer.write(.acknowledged(session.logNumber, stretch))
    }

    func session(_ session: Session, released stretch: IdentifierStretch) {
        guard isDurable(session) else { return }
        buffer.write(.released(session.logNumber, stretch))
    }

    func session(_ session: Session, received message: Message, _ identifier: UInt16) {
        guard isDurable(session) else { return }
        var number = message.number
        if number == 0 { number = takeNumbers(1) }
        message.withPublication { write($0, number) }
        buffer.write(.received(session.logNumber, identifier: identifier, number))
    }
}
