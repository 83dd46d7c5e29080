// SPDX-License-Identifier: Apache-2.0
// Messages for the server.

package import ClientMachine
import Glibc
import Inflight
import MQTT
import Net

/// What has become of a message that was to be sent.
package enum PublishOutcome: Sendable, Equatable {
    /// It is on its way, without an answer.
    case sent
    /// It waits or is under way; `completed` tells when it is over. The identifier is 0 for QoS 0.
    case accepted(ticket: UInt64, packetIdentifier: UInt16)
    /// So much waits that it was not taken; `clientHasRoom` tells when it may be.
    case full
    /// The server, or nobody, takes such messages.
    case refused(MQTTError)
}

extension ClientDriver {
    /// Publishes a message, or keeps it until there is a connection; never waits.
    ///
    /// `properties` are encoded and without their length; not sent before 5.0.
    package func publish(
        topic: UnsafeRawBufferPointer,
        payload: UnsafeRawBufferPointer,
        qos: UInt8,
        isRetained: Bool = false,
        properties: [UInt8] = []
    ) -> PublishOutcome {
        guard isValid(topic, properties) else {
            return .refused(.invalidTopic(String(decoding: topic, as: UTF8.self)))
        }
        if qos == 0, !sending.hasWaiting, let link, link.isConnected || configuration.speaksEarly,
            configuration.outgoingTopicAliasMaximum == 0
        {
            return properties.withUnsafeBytes { properties in
                publishAtOnce(topic, payload, isRetained, properties, over: link)
            }
        }
        return keep(
            OutgoingPublish(
                topic: lastTopic,
                payload: Array(payload),
                qos: qos,
                isRetained: isRetained,
                properties: properties
            )
        )
    }

    /// Publishes a message, or keeps it until there is a connection; never waits.
    package func publish(_ message: OutgoingPublish) -> PublishOutcome {
        if message.qos == 0 {
            return message.topic.withUnsafeBytes { topic in
                message.payload.withUnsafeBytes { payload in
                    publish(
                        topic: topic,
                        payload: payload,
                        qos: 0,
                        isRetained: message.isRetained,
                        properties: message.properties
                    )
                }
            }
        }
        guard message.topic.withUnsafeBytes({ isValid($0, message.properties) }) else {
            return .refused(.invalidTopic(String(decoding: message.topic, as: UTF8.self)))
        }
        return keep(message)
    }

    /// Looks at a topic, unless it is the last one's.
    private func isValid(_ topic: UnsafeRawBufferPointer, _ properties: [UInt8]) -> Bool {
        if isLastTopic(topic) { return true }
        // An alias may stand for the topic.
        guard isValidTopicName(topic.bytes) || topic.isEmpty && !properties.isEmpty else {
            return false
        }
        lastTopic.removeAll(keepingCapacity: true)
        lastTopic.append(contentsOf: topic)
        return true
    }

    /// Whether a topic is the one that was published to last, and so is valid.
    package func isLastTopic(_ topic: UnsafeRawBufferPointer) -> Bool {
        guard topic.count == lastTopic.count, let start = topic.baseAddress, !topic.isEmpty else {
            return false
        }
        return lastTopic.withUnsafeBytes { last in
            last.baseAddress.map { memcmp($0, start, last.count) == 0 } ?? false
        }
    }

    // MARK: At once

    /// Writes a QoS 0 message straight into the output of the connection.
    private func publishAtOnce(
        _ topic: UnsafeRawBufferPointer,
        _ payload: UnsafeRawBufferPointer,
        _ isRetained: Bool,
        _ properties: UnsafeRawBufferPointer,
        over link: ServerLink
    ) -> PublishOutcome {
        guard let connection = link.connection, configuration.isPatient || !link.isCrowded else {
            return full()
        }
        let form = UnsafePublishWriter(
            topic: topic,
            properties: properties,
            isV5: link.machine.version == .v5,
            isRetained: isRetained && link.machine.limits.isRetainAvailable
        )
        guard let count = form.packetLength(payload.count),
            count <= link.machine.limits.maximumPacketSize
        else { return .refused(.packetTooLarge) }
        // Behind what was said before.
        link.writeOutput()
        let room = connection.reserveOutput(count)
        form.write(payload, to: UnsafeMutableRawBufferPointer(start: room, count: count))
        trace(UnsafeRawBufferPointer(start: room, count: count), isSent: true)
        connection.commitOutput(count, packets: 0)
        link.noteSent(count)
        return .sent
    }

    /// Whether the server takes bytes too slowly for more of them.
    private var isCrowded: Bool {
        configuration.isPatient ? false : link?.isCrowded ?? false
    }

    private func full() -> PublishOutcome {
        isAwaited = true
        return .full
    }

    // MARK: Keeping

    private var sendLimits: SendLimits {
        SendLimits(
            inFlightMax: max(1, configuration.limits.inFlightMax),
            inFlightBytesMax: .max,
            queuedMax: .max,
            queuedBytesMax: .max
        )
    }

    /// Messages that have never been sent.
    private var waitingCount: Int { sending.places.upperBound - sending.firstWaitingPlace }

    private func keep(_ message: OutgoingPublish) -> PublishOutcome {
        if let error = refusal(of: message) { return .refused(error) }
        let limits = configuration.limits
        let isEarly = mayPublishEarly
        guard waitingCount < limits.queuedMax,
            keptByteCount < limits.queuedBytesMax, !isCrowded
        else { return full() }
        let place = sending.queue(
            byteCount: message.payload.count,
            qos: message.qos,
            isRetained: message.isRetained
        )
        lastTicket += 1
        let ticket = lastTicket
        kept.append(Kept(message: message, ticket: ticket), at: place)
        keptByteCount += message.payload.count
        let identifier = sending.wantedIdentifier(at: place)
        if isEarly { link?.publishEarly() }
        pump()
        return .accepted(ticket: ticket, packetIdentifier: identifier)
    }

    /// Whether a message may go before CONNACK has come: nothing is left of an earlier connection.
    private var mayPublishEarly: Bool {
        guard configuration.speaksEarly, let link, !link.isConnected else { return false }
        return link.machine.sendsEarly || sending.isEmpty
    }

    private func refusal(of message: OutgoingPublish) -> MQTTError? {
        guard message.qos <= serverMaximumQoS else { return .qosNotSupported }
        // Topic, length fields, identifier; an alias may save some of it.
        let least =
            message.payload.count + message.properties.count
            + (configuration.outgoingTopicAliasMaximum > 0 ? 0 : message.topic.count)
        return least > serverMaximumPacketSize - 6 ? .packetTooLarge : nil
    }

    /// Sends what waits, as far as the windows of both sides allow.
    func pump() {
        guard let link, link.mayPublish, sending.hasWaiting else { return }
        let limits = sendLimits
        let now = reactor.now
        while let step = link.say({ $0.next(sending, limits, now: now, output: &$1) }) {
            let outcome = kept.withElement(at: step.place) { kept in
                link.say { machine, output in
                    machine.publish(
                        kept.message,
                        at: step.place,
                        isRepeated: step.isRepeated,
                        sending,
                        now: now,
                        output: &output
                    )
                }
            }
            switch outcome {
            case nil: sending.finish(step.place)
            case .underWay: break
            case .sent: conclude(step.place, 0, .success, reason: nil, delegate)
            case .tooLarge: conclude(step.place, 0, .packetTooLarge, reason: nil, delegate)
            case .notConnected: return
            }
        }
    }

    // MARK: Answers

    /// The server has answered messages.
    func complete(_ stretch: AnswerStretch, _ code: ReasonCode, reason: String?) {
        let code = MQTTReasonCode(code)
        let delegate = delegate
        for place in stretch.places {
            conclude(place, stretch.identifier(at: place), code, reason: reason, delegate)
        }
        pump()
        if sending.isSparse { sending.compact { kept.move(from: $0, to: $1) } }
        noteRoom()
    }

    private func conclude(
        _ place: Int,
        _ identifier: UInt16,
        _ code: MQTTReasonCode,
        reason: String?,
        _ delegate: (any ClientDriverDelegate)?
    ) {
        guard let message = kept.remove(place) else { return }
        keptByteCount -= message.message.payload.count
        assert(keptByteCount >= 0, "what is kept is counted")
        delegate?.client(
            self,
            completed: message.ticket,
            packetIdentifier: identifier,
            code,
            reason: reason
        )
    }

    /// Forgets the messages that the server does not have; nobody is told.
    package func abandon() {
        sending.removeAll()
        kept.removeAll { _ in }
        keptByteCount = 0
        isAwaited = false
    }

    /// Says that there is room to whoever waits for it, once there is enough.
    func noteRoom() {
        let limits = configuration.limits
        guard isAwaited, waitingCount <= limits.queuedMax / 2,
            keptByteCount <= limits.queuedBytesMax / 2, link?.isCrowded != true
        else { return }
        isAwaited = false
        delegate?.clientHasRoom(self)
    }
}
