// SPDX-License-Identifier: Apache-2.0
// The client: connects, subscribes, publishes, receives, one call at a time.

import ClientMachine
import Inflight
package import MQTT

/// An open MQTT connection used by one thread at a time.
///
/// Every call sends what it has to and waits for the broker's answer until its deadline. Messages
/// that arrive meanwhile are acknowledged and kept for `receive`. What is said is `MQTTClientMachine`'s;
/// here are socket, clock and messages.
package final class MQTTConnection {
    private static let idleTimeout = Duration.seconds(10)
    private static let limits = SendLimits(
        inFlightMax: .max,
        inFlightBytesMax: .max,
        queuedMax: .max,
        queuedBytesMax: .max
    )

    private let transport: Transport
    private let version: ProtocolVersion
    private let began = ContinuousClock.now
    private var machine: MQTTClientMachine
    private let send = SendWindow()
    private let window = ReceiveWindow()
    private var input: [UInt8] = []
    private var output: [UInt8] = []
    private var messages: [ReceivedMessage] = []

    /// Whether the broker resumed a session [MQTT-3.2.2-3].
    package private(set) var isSessionPresent = false
    /// The client identifier, the broker's choice if it chose one [MQTT-3.1.3-7].
    package private(set) var clientID: String

    /// Connects, and waits for the broker to accept.
    package init(connecting options: ClientOptions) throws(ClientError) {
        let deadline = Deadline(in: options.connectTimeout)
        version = options.version
        clientID = options.clientID
        transport = try Transport(connecting: options, deadline: deadline)
        var packet = ConnectPacket(version: options.version, clientIdentifier: options.clientID)
        packet.isCleanStart = options.isCleanStart
        packet.keepAlive = options.keepAliveSeconds
        packet.userName = options.username
        packet.password = options.password
        var bytes: [UInt8] = []
        machine = MQTTClientMachine(
            connecting: packet,
            timeout: max(1, Int64(deadline.millisecondsLeft)),
            now: 0,
            output: &bytes
        )
        output = bytes
        guard case .connected = try next(deadline) else {
            throw .protocolError("The broker did not begin with CONNACK.")
        }
        clientID = machine.limits.clientIdentifier
    }

    /// The descriptor that becomes readable when the broker has something to say.
    package var descriptor: CInt { transport.descriptor }

    /// Milliseconds since the beginning, for the machine.
    private var now: Int64 {
        let parts = (ContinuousClock.now - began).components
        return parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000
    }

    // MARK: Requests

    /// Subscribes to one filter.
    ///
    /// - Returns: the granted QoS or the reason of the refusal.
    package func subscribe(
        to filter: String,
        qos: UInt8,
        _ deadline: Deadline
    ) throws(ClientError) -> ReasonCode {
        let options = SubscriptionOptions(qos: qos)
        let request: UInt16
        do throws(RequestError) {
            request = try machine.subscribe(
                [(Array(filter.utf8), options)],
                send,
                now: now,
                output: &output
            )
        } catch {
            return try Self.reason(of: error)
        }
        while true {
            guard case .subscribed(request, let codes) = try next(deadline) else { continue }
            return codes.first ?? .unspecifiedError
        }
    }

    /// Ends the subscription to one filter.
    package func unsubscribe(
        from filter: String,
        _ deadline: Deadline
    ) throws(ClientError) -> ReasonCode {
        let request: UInt16
        do throws(RequestError) {
            request = try machine.unsubscribe(
                [Array(filter.utf8)],
                send,
                now: now,
                output: &output
            )
        } catch {
            return try Self.reason(of: error)
        }
        while true {
            guard case .unsubscribed(request, let codes) = try next(deadline) else { continue }
            return codes.first ?? .success
        }
    }

    /// What the broker would say to a request that is not sent.
    private static func reason(of error: RequestError) throws(ClientError) -> ReasonCode {
        switch error {
        case .notConnected: throw .closed
        case .invalidFilter: .topicFilterInvalid
        case .notAvailable: .implementationSpecificError
        case .tooLarge: .packetTooLarge
        case .noIdentifier: .quotaExceeded
        }
    }

    /// Publishes a message and waits until the broker has taken it over [MQTT-4.3.2-1].
    ///
    /// - Returns: the reason of a refusal, or a code below 0x80. QoS 0 has no answer.
    package func publish(
        to topic: String,
        payload: [UInt8],
        qos: UInt8 = 0,
        isRetained: Bool = false,
        _ deadline: Deadline
    ) throws(ClientError) -> ReasonCode {
        let message = OutgoingPublish(
            topic: Array(topic.utf8),
            payload: payload,
            qos: qos,
            isRetained: isRetained
        )
        _ = send.queue(byteCount: payload.count, qos: qos)
        guard let step = machine.next(send, Self.limits, now: now, output: &output) else {
            throw .closed
        }
        let outcome = machine.publish(
            message,
            at: step.place,
            isRepeated: step.isRepeated,
            send,
            now: now,
            output: &output
        )
        switch outcome {
        case .notConnected: throw .closed
        case .tooLarge: return .packetTooLarge
        case .sent:
            try flush(deadline)
            return .success
        case .underWay: break
        }
        while true {
            guard case .acknowledged(let stretch, let reason) = try next(deadline),
                stretch.places.contains(step.place)
            else { continue }
            return reason
        }
    }

    /// The next message, whichever subscription it is for.
    package func receive(_ deadline: Deadline) throws(ClientError) -> ReceivedMessage {
        while messages.isEmpty { _ = try next(deadline) }
        return messages.removeFirst()
    }

    /// Forgets the messages that have arrived but were not asked for.
    package func discardMessages() { messages.removeAll() }

    /// Sends PINGREQ and waits for the answer.
    package func ping(_ deadline: Deadline) throws(ClientError) {
        machine.ping(now: now, output: &output)
        while true {
            if case .answeredPing = try next(deadline) { return }
        }
    }

    /// Takes in what has arrived, without waiting, and pings when it is time [MQTT-3.1.2-20].
    ///
    /// For clients with nothing to do: call it when the descriptor is readable and every few
    /// seconds. Messages are acknowledged and forgotten.
    package func keepAlive() throws(ClientError) {
        let deadline = Deadline(in: Self.idleTimeout)
        while try hasInput() { _ = try next(deadline) }
        discardMessages()
        if case .failed = machine.tick(now: now, output: &output) { throw .timeout }
        try flush(deadline)
    }

    /// Ends the connection in good order [MQTT-3.14.4-1]; that the broker hears it is not certain.
    package func disconnect() {
        machine.disconnect(output: &output)
        if (try? flush(Deadline(in: .seconds(1)))) != nil { transport.shutdown() }
    }

    // MARK: Bytes

    /// Sends what there is to send.
    private func flush(_ deadline: Deadline) throws(ClientError) {
        guard !output.isEmpty else { return }
        let bytes = output
        output = []
        try transport.write(bytes, deadline)
    }

    /// Reads until something has happened, deals with it as far as no call waits for it, and says what
    /// it was.
    private func next(_ deadline: Deadline) throws(ClientError) -> ClientEvent {
        while true {
            try flush(deadline)
            let (count, event) = step()
            input.removeFirst(count)
            switch event {
            case .needsMore:
                let bytes = try transport.read(deadline)
                guard !bytes.isEmpty else { throw .closed }
                input += bytes
            case .nothing: continue
            case .refused(let connack): throw refusal(connack)
            case .disconnected(let packet): throw .disconnected(packet.reasonCode)
            case .failed(let error):
                try? flush(deadline)
                throw .protocolError("The broker sent a bad packet: \(error.detail).")
            default:
                try flush(deadline)
                return event
            }
        }
    }

    /// One step of the machine; pointers of the event are of no more use afterwards.
    private func step() -> (Int, ClientEvent) {
        input.withUnsafeBytes { bytes in
            let step = machine.receive(bytes, send, window, now: now, output: &output)
            take(step.event)
            return (step.byteCount, step.event)
        }
    }

    /// Takes over messages, and what else must be done while the bytes are there.
    private func take(_ event: ClientEvent) {
        switch event {
        case .connected(let connack): isSessionPresent = connack.isSessionPresent
        case .publish(let publish):
            let message = ReceivedMessage(
                topic: publish.withTopic { String(decoding: $0, as: UTF8.self) },
                payload: [UInt8](publish.payload),
                qos: publish.publish.qos,
                isRetained: publish.publish.isRetained
            )
            take(message, publish.publish.packetIdentifier)
        case .publishes(let stretch):
            let topic = String(decoding: stretch.topic, as: UTF8.self)
            stretch.walk { _, identifier, payload, _ in
                let message = ReceivedMessage(
                    topic: topic,
                    payload: [UInt8](payload),
                    qos: stretch.qos,
                    isRetained: false
                )
                take(message, identifier)
            }
        case .repeated(_, let identifier): acknowledge(.pubrec, identifier)
        case .released(let stretch):
            for place in stretch.places {
                acknowledge(.pubcomp, stretch.identifier(at: place))
            }
            // Nothing is kept at a place.
            if window.isSparse { window.compact { _, _ in } }
        default: break
        }
    }

    /// A QoS 2 message is handed out at once; it does not count again before its release
    /// [MQTT-4.3.3-10].
    private func take(_ message: ReceivedMessage, _ identifier: UInt16) {
        messages.append(message)
        switch message.qos {
        case 1: acknowledge(.puback, identifier)
        case 2: acknowledge(.pubrec, identifier)
        default: break
        }
    }

    private func acknowledge(_ type: PacketType, _ identifier: UInt16) {
        machine.acknowledge(type, identifier, .success, window, now: now, output: &output)
    }

    /// Brokers that do not know 5.0 refuse it with a code of 3.1.1.
    private func refusal(_ connack: ConnackPacket) -> ClientError {
        let code = connack.reasonCode
        return .refused(code: code.rawValue, version: code.isError ? version : .v311)
    }

    /// Whether something has arrived; never waits.
    private func hasInput() throws(ClientError) -> Bool {
        if !input.isEmpty || transport.hasBufferedBytes { return true }
        return try transport.isReadable()
    }
}
