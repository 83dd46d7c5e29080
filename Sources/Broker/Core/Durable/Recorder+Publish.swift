// SPDX-License-Identifier: Apache-2.0
// Records about messages that are accepted: what they are, and where they go.

import Inflight
import MQTT
import Persist
import Topics

extension Recorder {
    // MARK: Batches

    /// Numbers the publications of a batch that are about to be retained.
    func prepareRetained(_ batch: PublishBatch) {
        retainedVersions.removeAll(keepingCapacity: true)
        guard retains(batch), hasPayload(batch) else { return }
        number(batch)
    }

    /// Whether a batch is more than a topic that is cleared.
    private func hasPayload(_ batch: PublishBatch) -> Bool {
        (0..<batch.count).contains { batch[$0].payloadCount > 0 }
    }

    /// Whether the log keeps what a batch does to the retained messages.
    func retains(_ batch: PublishBatch) -> Bool {
        batch.isRetained && !batch.topic.isOfBroker
    }

    /// Numbers the publications of a batch that its publisher's session keeps until their release.
    func prepareReceived(_ batch: PublishBatch) {
        guard let publisher = worker.sessions[batch.publisher], isDurable(publisher) else { return }
        number(batch)
    }

    /// Records the publications of a batch for the durable sessions of a route, before any of them
    /// gets one.
    ///
    /// That they are released, if they are, is in the frame in which they are accepted, so that they are
    /// there once at any moment.
    func accept(_ batch: PublishBatch, _ route: UnsafeRoute) {
        if batch.purpose == .release { worker.sessions[batch.publisher]?.noteReleased(batch) }
        collectPending(batch, route)
        collectStandIns(batch, route)
        let retains = retains(batch)
        guard retains || !pending.isEmpty else { return }
        batch.isRecorded = true
        // What only clears a topic has no number: the log would not have its content.
        let isKept = !pending.isEmpty || hasPayload(batch)
        if isKept { number(batch) }
        var list: UInt64?
        for index in 0..<batch.count {
            if isKept { writeAccepted(batch, index, list) }
            list = buffer.listNumber
            guard retains, index < retainedVersions.count else { continue }
            let version = retainedVersions[index]
            if batch[index].payloadCount == 0 {
                buffer.write(.retainedCleared(version: version, topic: batch.topic))
            } else {
                buffer.write(.retainedSet(version: version, batch.number(index)))
            }
        }
    }

    /// Finds the durable sessions that a batch goes to, but for groups.
    func collectPending(_ batch: PublishBatch, _ route: UnsafeRoute) {
        pending.removeAll()
        guard batch.qos > 0, !route.isEmpty else { return }
        for destination in route.local { addPending(destination, batch) }
        for destination in route.remote { addPending(destination, batch) }
    }

    private func addPending(_ destination: Destination, _ batch: PublishBatch) {
        guard let destination = durable(destination, batch) else { return }
        pending.append(destination)
    }

    /// A destination as the log has it; nil when nothing is recorded for it.
    private func durable(_ destination: Destination, _ batch: PublishBatch) -> LogDestination? {
        let granted = destination.options.qualityOfService
        let qos = worker.limits.upgradesOutgoingQoS ? granted : min(batch.qos, granted)
        guard qos > 0 else { return nil }
        if destination.options.isNoLocal, destination.session == batch.publisher { return nil }
        let number = log.number(of: destination.session)
        guard number != 0 else { return nil }
        return LogDestination(
            session: number,
            qos: qos,
            isRetained: batch.isRetained && destination.options.isRetainAsPublished,
            subscriptionIdentifier: destination.subscriptionIdentifier,
            fate: .pending
        )
    }

    // MARK: Groups

    /// The places of the groups of a route that have a durable session.
    func durableGroups(_ route: UnsafeRoute) -> [Int] {
        if let known = route.durableGroups { return known }
        let found = route.groups.indices.filter { place in
            route.groups[place].firstMember { log.number(of: $0.session) != 0 } != nil
        }
        route.durableGroups = found
        return found
    }

    /// Has a member of each group stand in for whoever will get a message of the batch.
    ///
    /// Who that is shows when the message is dealt, perhaps turns later; but once the batch is
    /// accepted, each message is with one of the members.
    private func collectStandIns(_ batch: PublishBatch, _ route: UnsafeRoute) {
        if !standIns.isEmpty { standIns.removeAll(keepingCapacity: true) }
        standInPlace = 0
        guard batch.qos > 0, route.hasGroups else { return }
        for place in durableGroups(route) {
            var standIn: LogDestination?
            _ = route.groups[place]
                .firstMember { member in
                    standIn = durable(member, batch)
                    return standIn != nil
                }
            guard let standIn else { continue }
            if standIns.isEmpty {
                standIns.append(contentsOf: repeatElement(0, count: route.groups.count))
            }
            standIns[place] = standIn.session
            pending.append(standIn)
        }
    }

    /// A message of the batch that was accepted last goes to this member of a group, or to none.
    ///
    /// Called for each message and each group, in this order.
    func deal(_ batch: PublishBatch, _ index: Int, to target: Destination?) {
        guard !standIns.isEmpty else { return }
        let standIn = standIns[standInPlace]
        standInPlace += 1
        if standInPlace == standIns.count { standInPlace = 0 }
        deal(batch, index, to: target, insteadOf: standIn)
    }

    /// A message of a batch goes to this member of a group, or to none.
    func deal(
        _ batch: PublishBatch,
        _ index: Int,
        to target: Destination?,
        insteadOf standIn: SessionNumber
    ) {
        let taker = target.flatMap { durable($0, batch) }
        // It is there already, unless that is before a checkpoint.
        if let taker, taker.session == standIn, checkpoint == nil { return }
        dealt.removeAll(keepingCapacity: true)
        if standIn != 0 {
            dealt.append(LogDestination(session: standIn, qos: 0, fate: .dropped(.other)))
        }
        let number = batch.number(index)
        assert(number != 0, "what groups with durable sessions get was numbered")
        if let taker {
            keepContent(number, batch.publication(index))
            dealt.append(taker)
        }
        if !dealt.isEmpty { buffer.write(delivered: number, to: dealt) }
    }

    /// `list` is what `buffer.listNumber` was behind the message before it.
    private func writeAccepted(_ batch: PublishBatch, _ index: Int, _ list: UInt64?) {
        let number = batch.number(index)
        assert(number != 0, "it was numbered before")
        if number == MessageNumbers.following(batch.firstNumber, by: index) {
            return write(batch.publication(index), number, to: pending.all, again: list)
        }
        // It was recorded when it was received.
        keepContent(number, batch.publication(index))
        if !pending.isEmpty { buffer.write(delivered: number, to: pending.all) }
    }

    // MARK: Content

    /// Records a message; with `list` the destinations are those of the record behind which the
    /// buffer had that `listNumber`.
    func write(
        _ publication: borrowing UnsafePublication,
        _ number: MessageNumber,
        to destinations: UnsafeBufferPointer<LogDestination> = .init(start: nil, count: 0),
        again list: UInt64? = nil
    ) {
        let message = UnsafeLogMessage(
            number: number,
            topic: publication.topic,
            properties: publication.properties,
            payload: publication.payload,
            qos: publication.qos,
            isRetained: publication.isRetained,
            expiresAt: wallSecond(publication.expiresAt),
            publisher: publication.withOrigin { publisher($0) } ?? 0
        )
        if list.map({ buffer.write(acceptedAgain: message, list: $0) }) != true {
            buffer.write(accepted: message, to: destinations)
        }
        checkpoint?.note(number)
    }

    /// Records a message that is named now once more, if the checkpoint under way would lose it.
    func keepContent(_ number: MessageNumber, _ publication: borrowing UnsafePublication) {
        guard let checkpoint, checkpoint.needs(number) else { return }
        write(publication, number)
    }

    /// Records a batch of QoS 0 that a durable session is about to keep, once for all sessions.
    ///
    /// Not while the writer is behind: what is not promised does not wait for it.
    func keepContent(of batch: PublishBatch, _ qos: UInt8, for session: Session) {
        assert(batch.firstNumber == 0, "its content is not there")
        guard isDurable(session), mayKeep(qos, in: session) else { return }
        number(batch)
        batch.isRecorded = true
        for index in 0..<batch.count {
            let number = batch.number(index)
            let publication = batch.publication(index)
            if number == MessageNumbers.following(batch.firstNumber, by: index) {
                write(publication, number)
            } else {
                keepContent(number, publication)
            }
        }
    }

    private func mayKeep(_ qos: UInt8, in session: Session) -> Bool {
        if qos > 0 { return true }
        return session.outlet == nil && worker.limits.queuesQoS0 && !isCongested
            && session.outgoing.window.mayQueue(worker.limits.ofAbsent)
    }

    /// The number under which the log has a message; one that it has not is recorded.
    func keep(_ message: Message) -> MessageNumber {
        let number = message.number
        if number == 0 {
            let made = takeNumbers(1)
            message.withPublication { write($0, made) }
            return made
        }
        if checkpoint != nil { message.withPublication { keepContent(number, $0) } }
        return number
    }

    /// A durable session may get these messages later: the checkpoint under way must not lose them.
    ///
    /// What it wants when a checkpoint begins is recorded with its image.
    func keepWanted(_ messages: some Sequence<Message>, by session: Session) {
        guard checkpoint != nil, isDurable(session) else { return }
        for message in messages where message.number != 0 { _ = keep(message) }
    }

    // MARK: What is not delivered

    /// Publications of a batch do not go to a session that they were recorded for.
    func decline(
        _ batch: PublishBatch,
        _ entries: Range<Int>,
        by session: Session,
        _ reason: LogDropReason
    ) {
        // What was published with QoS 0 was recorded for nobody.
        guard batch.qos > 0, isDurable(session) else { return }
        for index in entries { decline(batch.number(index), by: session, reason) }
    }

    /// A message does not go to a session that it was recorded for.
    func decline(
        _ publication: borrowing UnsafePublication,
        by session: Session,
        _ reason: LogDropReason
    ) {
        guard publication.qos > 0, isDurable(session) else { return }
        decline(publication.number, by: session, reason)
    }

    private func decline(_ number: MessageNumber, by session: Session, _ reason: LogDropReason) {
        guard number != 0 else { return }
        let destination = LogDestination(
            session: session.logNumber,
            qos: 0,
            fate: .dropped(reason)
        )
        buffer.write(delivered: number, to: destination)
    }

    // MARK: What is not decided

    /// Plugins are asked about messages for a session; nil: nothing of it is recorded.
    func noteUndecided(
        _ messages: [Message],
        _ form: DeliveryForm,
        for session: Session
    ) -> UInt64? {
        guard isDurable(session) else { return nil }
        keepWanted(messages, by: session)
        let question = UndecidedDeliveries.Question(messages: messages, form: form)
        return undecided.add(question, for: session.handle)
    }

    /// Plugins have answered: what they have decided is recorded after this.
    func noteDecided(_ ticket: UInt64, for session: SessionHandle) {
        undecided.remove(ticket, for: session)
    }

    // MARK: Retained messages

    /// Retained messages have gone by themselves.
    func clearRetained(_ messages: [Message], version: UInt64) {
        for message in messages {
            message.withPublication { publication in
                guard !publication.topic.isOfBroker else { return }
                buffer.write(.retainedCleared(version: version, topic: publication.topic))
            }
        }
    }
}
