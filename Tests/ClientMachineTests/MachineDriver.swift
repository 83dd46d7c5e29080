// SPDX-License-Identifier: Apache-2.0
// A driver of the machine without sockets: what a bridge, a tool or a library does with it.

import ClientMachine
import Inflight
import MQTT

/// A message that has arrived.
struct ArrivedMessage: Equatable {
    var topic: String
    var payload: [UInt8]
    var qos: UInt8
    var isRetained: Bool
}

/// Keeps the session of one client, and what its machine reports.
final class MachineDriver {
    static let limits = SendLimits(
        inFlightMax: 20,
        inFlightBytesMax: .max,
        queuedMax: .max,
        queuedBytesMax: .max
    )

    private(set) var machine: MQTTClientMachine?
    private let send = SendWindow()
    private let receive = ReceiveWindow()
    private var outgoing: [Int: OutgoingPublish] = [:]
    private var incoming: [Int: ArrivedMessage] = [:]
    private var input: [UInt8] = []
    /// Answers that wait, if `holdsAnswers`.
    private var answers: [(type: PacketType, identifier: UInt16)] = []
    /// Bytes for the server.
    var output: [UInt8] = []
    var now: Int64 = 0
    /// Whether messages are acknowledged when `answer` is called, not at once.
    var holdsAnswers = false
    /// What QoS 1 and 2 messages are refused with, if not `.success`.
    var refusal = ReasonCode.success

    /// Messages in the order of their delivery: QoS 2 when released.
    private(set) var arrived: [ArrivedMessage] = []
    /// Everything else, in words.
    private(set) var events: [String] = []
    /// How many messages of stretches there were.
    private(set) var stretchCount = 0
    /// Reasons of acknowledgements, in order.
    private(set) var reasons: [ReasonCode] = []

    var stage: MQTTClientMachine.Stage { machine?.stage ?? .ended }
    var end: ClientEnd { machine?.end ?? .open }
    var unfinishedCount: Int { send.count }
    var unreleasedCount: Int { receive.count }
    var deadline: Int64? { machine?.deadline ?? nil }
    var limits: ServerLimits? { machine?.limits }
    var hasExcess: Bool { machine?.hasExcess ?? false }

    /// The state in words.
    var picture: String {
        "\(stage), \(end); \(arrived.count) arrived, \(send.count) unfinished "
            + "(\(send.inFlightCount) in flight), \(receive.count) unreleased; \(events.suffix(5))"
    }

    /// Begins a connection.
    func connect(_ packet: ConnectPacket, releasesAtOnce: Bool = true) {
        input = []
        output = []
        answers = []
        machine = MQTTClientMachine(
            connecting: packet,
            releasesAtOnce: releasesAtOnce,
            timeout: 5000,
            now: now,
            output: &output
        )
    }

    /// What is to go to the server.
    func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }

    /// Takes a message in; `pump` sends it.
    func publish(_ message: OutgoingPublish) {
        let place = send.queue(byteCount: message.payload.count, qos: message.qos)
        outgoing[place] = message
    }

    /// Sends what may go out.
    func pump() {
        while let next = machine?.next(send, Self.limits, now: now, output: &output) {
            guard let message = outgoing[next.place] else {
                events.append("no message at \(next.place)")
                return
            }
            let outcome = machine?.publish(
                message,
                at: next.place,
                isRepeated: next.isRepeated,
                send,
                now: now,
                output: &output
            )
            switch outcome {
            case .sent: outgoing[next.place] = nil
            case .tooLarge:
                outgoing[next.place] = nil
                events.append("too large")
            case .underWay: break
            case .notConnected, nil: events.append("not connected")
            }
            compact()
        }
    }

    /// Moves messages together as the windows say.
    private func compact() {
        if send.isSparse {
            send.compact { from, to in outgoing[to] = outgoing.removeValue(forKey: from) }
        }
        if receive.isSparse {
            receive.compact { from, to in incoming[to] = incoming.removeValue(forKey: from) }
        }
        send.checkInvariants()
        receive.checkInvariants()
    }

    /// Takes bytes of the server.
    func feed(_ bytes: [UInt8]) {
        input += bytes
        var offset = 0
        while offset < input.count, stage != .ended {
            let step = input.withUnsafeBytes { buffer in
                let rest = UnsafeRawBufferPointer(rebasing: buffer[offset...])
                let step = machine?.receive(rest, send, receive, now: now, output: &output)
                if let step { handle(step.event) }
                return step?.byteCount ?? 0
            }
            guard step > 0 else { break }
            offset += step
            compact()
        }
        input.removeFirst(offset)
    }

    /// Lets time pass.
    func tick(_ now: Int64) {
        self.now = now
        if let event = machine?.tick(now: now, output: &output) { handle(event) }
    }

    /// The connection is gone.
    func cut() { machine?.cut() }

    func disconnect(_ reason: ReasonCode = .normalDisconnection, properties: [UInt8] = []) {
        machine?.disconnect(reason, properties: properties, output: &output)
    }

    func subscribe(
        _ filters: [(filter: [UInt8], options: SubscriptionOptions)],
        properties: [UInt8] = []
    ) throws(RequestError) -> UInt16 {
        let identifier = try machine?.subscribe(
            filters,
            properties: properties,
            send,
            now: now,
            output: &output
        )
        guard let identifier else { throw .notConnected }
        return identifier
    }

    func unsubscribe(_ filters: [[UInt8]]) throws(RequestError) -> UInt16 {
        let identifier = try machine?.unsubscribe(filters, send, now: now, output: &output)
        guard let identifier else { throw .notConnected }
        return identifier
    }

    func authenticate(_ data: [UInt8]) { machine?.answer(data, now: now, output: &output) }

    func reauthenticate(_ data: [UInt8]) -> Bool {
        machine?.reauthenticate(data, now: now, output: &output) ?? false
    }

    // MARK: Events

    private func handle(_ event: ClientEvent) {
        switch event {
        case .needsMore, .nothing, .answeredPing: break
        case .connected(let connack):
            if !connack.isSessionPresent { incoming = [:] }
            events.append("connected \(connack.isSessionPresent)")
        case .refused(let connack): events.append("refused \(connack.reasonCode.rawValue)")
        case .challenged(let data): events.append("challenge \(data ?? [])")
        case .reauthenticated(let data): events.append("reauthenticated \(data ?? [])")
        case .publish(let publish): take(publish)
        case .publishes(let stretch): take(stretch)
        case .repeated(_, let identifier): answer(.pubrec, identifier)
        case .released(let stretch):
            for place in stretch.places {
                if let message = incoming.removeValue(forKey: place) {
                    arrived.append(message)
                } else {
                    events.append("nothing kept at \(place)")
                }
                answer(.pubcomp, stretch.identifier(at: place))
            }
        case .acknowledged(let stretch, let reason):
            for place in stretch.places {
                if outgoing.removeValue(forKey: place) == nil { events.append("no message") }
                reasons.append(reason)
            }
        case .announced(let reason): events.append("announced \(reason.rawValue)")
        case .received(let identifier): answers.append((.pubrel, identifier))
        case .subscribed(_, let codes): events.append("subscribed \(codes.map(\.rawValue))")
        case .unsubscribed(_, let codes): events.append("unsubscribed \(codes.map(\.rawValue))")
        case .disconnected(let packet): events.append("disconnected \(packet.reasonCode.rawValue)")
        case .failed(let error): events.append("failed: \(error.detail)")
        }
    }

    private func take(_ publish: UnsafeReceivedPublish) {
        let message = ArrivedMessage(
            topic: publish.withTopic { String(decoding: $0, as: UTF8.self) },
            payload: [UInt8](publish.payload),
            qos: publish.publish.qos,
            isRetained: publish.publish.isRetained
        )
        keep(message, publish.publish.packetIdentifier, publish.place)
    }

    private func take(_ stretch: UnsafePublishStretch) {
        stretchCount += stretch.count
        let topic = String(decoding: stretch.topic, as: UTF8.self)
        stretch.walk { index, identifier, payload, _ in
            let message = ArrivedMessage(
                topic: topic,
                payload: [UInt8](payload),
                qos: stretch.qos,
                isRetained: false
            )
            keep(message, identifier, stretch.firstPlace.map { $0 + index })
        }
    }

    private func keep(_ message: ArrivedMessage, _ identifier: UInt16, _ place: Int?) {
        if let place {
            incoming[place] = message
            answer(.pubrec, identifier)
        } else {
            arrived.append(message)
            if message.qos == 1 { answer(.puback, identifier) }
        }
    }

    private func answer(_ type: PacketType, _ identifier: UInt16) {
        answers.append((type, identifier))
        if !holdsAnswers { answer() }
    }

    /// Sends the answers that wait, in order.
    func answer() {
        for (type, identifier) in answers {
            if type == .pubrel {
                machine?.release(identifier, now: now, output: &output)
                continue
            }
            let reason = type == .pubcomp ? .success : refusal
            machine?.acknowledge(type, identifier, reason, receive, now: now, output: &output)
        }
        answers = []
    }
}
