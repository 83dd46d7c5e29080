// SPDX-License-Identifier: Apache-2.0
// Lets a flow use a client of the library.

import Glibc
import MQTT
import MQTTClient
import PacketTracing

/// A client of the library as flows see it, and what it says to the flow.
///
/// What a flow ends within a message is ended behind the batch the message came in, so that all of the
/// batch is acknowledged first.
final class DriverConnection: ToolConnection, ClientDriverDelegate {
    private let driver: ClientDriver
    private let flow: any ToolFlow
    private let voice: ToolVoice
    private var trace: PacketTrace
    private var subscription: ClientRequest?
    /// QoS 0 messages the flow has not heard of that they are done.
    private var writtenCount = 0
    private var isInBatch = false
    private var pendingEnd: (reason: ReasonCode, properties: [UInt8])?
    private let isTraced: Bool
    /// QoS 2 messages that have come and are not released.
    private var unreleased: [UInt16: UnreleasedMessage] = [:]
    /// With `-d`: what was printed of messages whose acknowledgement has not been shown.
    private var held: [[UInt8]] = []
    /// Whether the broker has ever accepted the client.
    private(set) var wasConnected = false
    /// How it has ended; nil while it goes on.
    private(set) var end: ConnectionEnd?

    init(_ driver: ClientDriver, _ flow: any ToolFlow, _ options: ToolOptions, _ voice: ToolVoice) {
        self.driver = driver
        self.flow = flow
        self.voice = voice
        isTraced = options.isDebug
        trace = PacketTrace(version: options.version, clientIdentifier: driver.clientIdentifier)
        driver.delegate = self
    }

    /// Whether the connection stands.
    var isConnected: Bool { driver.isConnected }

    /// Tells the flow of messages that were written.
    func reportWritten() {
        while writtenCount > 0 {
            writtenCount -= 1
            flow.completed(self, 0, 0, nil)
        }
    }

    // MARK: What the flow asks for

    func publish(
        topic: [UInt8],
        payload: UnsafeRawBufferPointer,
        qos: UInt8,
        isRetained: Bool,
        properties: [UInt8]
    ) -> PublishAnswer {
        let outcome = topic.withUnsafeBytes { topic in
            driver.publish(
                topic: topic,
                payload: payload,
                qos: qos,
                isRetained: isRetained,
                properties: properties
            )
        }
        switch outcome {
        case .sent:
            writtenCount += 1
            return .accepted(packetIdentifier: 0)
        case .accepted(_, let identifier): return .accepted(packetIdentifier: identifier)
        case .full: return .full
        case .refused(.qosNotSupported): return .qosNotSupported
        case .refused(.packetTooLarge): return .tooLarge
        case .refused(.invalidTopic): return .invalidTopic
        case .refused: return .notConnected
        }
    }

    func subscribe(_ filters: [[UInt8]], _ options: SubscriptionOptions, properties: [UInt8]) {
        do throws(MQTTError) {
            subscription = try driver.subscribe(
                filters.map { ($0, options) },
                properties: properties
            )
        } catch {
            fail(error)
        }
    }

    func unsubscribe(_ filter: [UInt8], properties: [UInt8]) {
        do throws(MQTTError) {
            _ = try driver.unsubscribe([filter], properties: properties)
        } catch {
            fail(error)
        }
    }

    /// A request cannot be sent: that is the end.
    private func fail(_ error: MQTTError) {
        driver.close()
        if end == nil { end = .lost(library: error.libraryCode) }
    }

    func disconnect(_ reason: ReasonCode, properties: [UInt8]) {
        if isInBatch {
            pendingEnd = (reason, properties)
        } else {
            driver.disconnect(MQTTReasonCode(rawValue: reason.rawValue), properties: properties)
        }
    }

    // MARK: What the library says

    func client(_ client: ClientDriver, connected connack: MQTTConnack) {
        wasConnected = true
        // The broker that has forgotten them begins anew.
        if !connack.isSessionPresent { unreleased.removeAll() }
        flow.connected(self)
    }

    func client(_ client: ClientDriver, received messages: UnsafeReceivedMessages) {
        isInBatch = true
        let topic = messages.topic
        let qos = messages.qos
        let isRetained = messages.isRetained
        let properties = messages.properties
        messages.walk { payload, identifier in
            let message = UnsafePrintedMessage(
                topic: topic,
                payload: payload,
                qos: qos,
                isRetained: isRetained,
                packetIdentifier: identifier,
                properties: properties
            )
            if qos == 2 {
                unreleased[identifier] = UnreleasedMessage(message)
            } else {
                hand(message)
            }
        }
    }

    /// A QoS 2 message counts as received when the broker has released it, as in the original.
    func client(_ client: ClientDriver, released packetIdentifier: UInt16) {
        guard let message = unreleased.removeValue(forKey: packetIdentifier) else { return }
        isInBatch = true
        message.withPrinted(packetIdentifier) { hand($0) }
    }

    private func hand(_ message: UnsafePrintedMessage) {
        let mark = isTraced ? voice.output.count : 0
        flow.received(self, message)
        if isTraced, message.qos > 0 { hold(from: mark) }
    }

    /// A message stands behind the line about its acknowledgement, as it does in the original.
    private func hold(from mark: Int) {
        guard voice.output.count >= mark else { return held.append([]) }
        held.append(Array(voice.output[mark...]))
        voice.output.removeSubrange(mark...)
    }

    private func showHeld() {
        for text in held { voice.output += text }
        held = []
    }

    func clientTookBatch(_ client: ClientDriver) {
        isInBatch = false
        if let (reason, properties) = pendingEnd {
            pendingEnd = nil
            disconnect(reason, properties: properties)
        }
    }

    func client(
        _ client: ClientDriver,
        completed ticket: UInt64,
        packetIdentifier: UInt16,
        _ code: MQTTReasonCode,
        reason: String?
    ) {
        flow.completed(self, packetIdentifier, code.rawValue, reason)
    }

    func client(
        _ client: ClientDriver,
        answered request: ClientRequest?,
        packetIdentifier: UInt16,
        _ codes: [MQTTReasonCode]
    ) {
        guard let request, request == subscription else { return }
        flow.subscribed(self, packetIdentifier, codes.map(\.rawValue))
    }

    func client(_ client: ClientDriver, ended error: MQTTError?, retryIn milliseconds: Int64?) {
        showHeld()
        isInBatch = false
        pendingEnd = nil
        flow.disconnected()
        if isTraced, case .tls(let reason) = error { voice.say("TLS: \(reason)") }
        if case .refused = error {
            // Also after a reconnection: the broker does not want this client.
            driver.close()
        } else if milliseconds != nil, flow.reconnects {
            return
        }
        driver.close()
        end = error.map { $0.end(wasConnected: wasConnected) } ?? .wanted
    }

    func clientHasRoom(_ client: ClientDriver) { flow.proceed(self, now: 0) }

    // MARK: Trace

    var wantsTrace: Bool { isTraced }

    func client(_ client: ClientDriver, traced packet: UnsafeRawBufferPointer, isSent: Bool) {
        if !isSent, packet.first.map({ $0 >> 4 }) == PacketType.connack.rawValue {
            trace.adoptIdentifier(of: packet)
        }
        voice.output += trace.lines(packet, isSent: isSent).utf8
        let type = packet.first.map { PacketType(rawValue: $0 >> 4) }
        if isSent, type == .puback || type == .pubcomp, !held.isEmpty {
            voice.output += held.removeFirst()
        }
    }
}

extension MQTTError {
    /// How a connection has ended, in the terms of the tools.
    fileprivate func end(wasConnected: Bool) -> ConnectionEnd {
        switch self {
        case .refused(let code, _): .refused(code: code)
        case .unreachable(_, let code): .unreachable(errno: code)
        case .lookup, .tls, .proxy: .unopened(library: libraryCode)
        case .timedOut where !wasConnected: .unreachable(errno: ETIMEDOUT)
        default: .lost(library: libraryCode)
        }
    }

    /// The number the original's library has for it; reason codes of brokers are numbers of their own.
    fileprivate var libraryCode: Int32 {
        switch self {
        case .lookup: 15
        case .tls: 8
        case .proxy: 16
        case .keepAliveExceeded: 19
        case .malformedPacket: 21
        case .protocolViolation, .webSocket, .authentication: 2
        case .disconnected(let code, _): Int32(code.rawValue)
        case .invalidTopic, .configuration: 3
        case .notConnected, .notAvailable, .closed: 4
        case .notSupported: 10
        case .packetTooLarge: 25
        case .qosNotSupported: 24
        case .timedOut: 27
        default: 7
        }
    }
}
