// SPDX-License-Identifier: Apache-2.0
// A client for programs that do one thing after the other.

import MQTT
import Net

/// A client whose calls send what they have to and wait for the server's answer until a deadline.
///
/// Used by one thread at a time. Messages that arrive meanwhile are kept for `receive`.
package final class BlockingClient {
    /// How long taking in what has arrived may take.
    private static let writeTimeout = Duration.seconds(1)

    private let loop: ClientLoop
    private let driver: ClientDriver
    private let inbox = BlockingInbox()

    /// Connects, and waits for the server to accept.
    ///
    /// - Parameter timeout: for all of it
    package init(
        connecting configuration: MQTTConfiguration,
        timeout: Duration = .seconds(10)
    ) throws(MQTTError) {
        let deadline = Deadline(in: timeout)
        var configuration = configuration
        configuration.reconnection = nil
        configuration.limits.receivedMax = .max
        loop = try ClientLoop()
        driver = try loop.makeClient(configuration)
        driver.delegate = inbox
        driver.connect()
        try wait(until: deadline) { inbox.connack != nil }
    }

    deinit { driver.close() }

    /// What the server has said when it accepted the client.
    package var connack: MQTTConnack? { inbox.connack }

    /// Becomes readable when the server has something to say.
    package var descriptor: CInt { loop.reactor.pollDescriptor }

    /// Turns until something holds.
    private func wait(
        until deadline: Deadline,
        _ isDone: () -> Bool
    ) throws(MQTTError) {
        while !isDone() {
            if let error = inbox.error { throw error }
            if inbox.hasEnded { throw .connectionLost }
            let left = deadline.millisecondsLeft
            guard left > 0 else { throw .timedOut("the broker does not answer") }
            loop.turn(until: loop.now + Int64(left))
        }
    }

    // MARK: Requests

    /// Subscribes to one filter.
    ///
    /// - Returns: the granted QoS or the reason of the refusal.
    package func subscribe(
        to filter: String,
        qos: UInt8,
        _ deadline: Deadline
    ) throws(MQTTError) -> MQTTReasonCode {
        let options = SubscriptionOptions(qos: qos)
        let codes = try answer(deadline) { () throws(MQTTError) in
            try driver.subscribe([(Array(filter.utf8), options)])
        }
        return codes.first ?? .unspecifiedError
    }

    /// Ends the subscription to one filter.
    package func unsubscribe(
        from filter: String,
        _ deadline: Deadline
    ) throws(MQTTError) -> MQTTReasonCode {
        let codes = try answer(deadline) { () throws(MQTTError) in
            try driver.unsubscribe([Array(filter.utf8)])
        }
        return codes.first ?? .success
    }

    /// What the server says to a request, or would say if it were sent.
    private func answer(
        _ deadline: Deadline,
        _ ask: () throws(MQTTError) -> ClientRequest
    ) throws(MQTTError) -> [MQTTReasonCode] {
        let request: ClientRequest
        do throws(MQTTError) {
            request = try ask()
        } catch {
            return [try Self.code(of: error)]
        }
        try wait(until: deadline) {
            inbox.answers[request] != nil || inbox.failures[request] != nil
        }
        if let error = inbox.failures.removeValue(forKey: request) { throw error }
        return inbox.answers.removeValue(forKey: request) ?? []
    }

    private static func code(of error: MQTTError) throws(MQTTError) -> MQTTReasonCode {
        switch error {
        case .invalidTopic: .topicFilterInvalid
        case .notAvailable: .implementationSpecificError
        case .packetTooLarge: .packetTooLarge
        case .qosNotSupported: .qosNotSupported
        case .queueFull: .quotaExceeded
        default: throw error
        }
    }

    /// Publishes a message and waits until the server has taken it over [MQTT-4.3.2-1].
    ///
    /// - Returns: the reason of a refusal, or a code below 0x80. QoS 0 has no answer.
    package func publish(
        to topic: String,
        payload: [UInt8],
        qos: UInt8 = 0,
        isRetained: Bool = false,
        _ deadline: Deadline
    ) throws(MQTTError) -> MQTTReasonCode {
        let outcome = payload.withUnsafeBytes { payload in
            Array(topic.utf8).withUnsafeBytes { topic in
                driver.publish(topic: topic, payload: payload, qos: qos, isRetained: isRetained)
            }
        }
        switch outcome {
        case .sent:
            try wait(until: deadline) { !driver.hasUnwritten }
            return .success
        case .accepted(let ticket, _):
            try wait(until: deadline) { inbox.completions[ticket] != nil }
            return inbox.completions.removeValue(forKey: ticket) ?? .success
        case .full: return .quotaExceeded
        case .refused(.invalidTopic): return .topicNameInvalid
        case .refused(let error): return try Self.code(of: error)
        }
    }

    /// The next message, whichever subscription it is for.
    package func receive(_ deadline: Deadline) throws(MQTTError) -> MQTTMessage {
        try wait(until: deadline) { !inbox.messages.isEmpty }
        return inbox.messages.removeFirst()
    }

    /// Forgets the messages that have arrived but were not asked for.
    package func discardMessages() { inbox.messages.removeAll() }

    /// Takes in what has arrived, without waiting, and pings when it is time [MQTT-3.1.2-20].
    ///
    /// For clients with nothing to do: call it when the descriptor is readable and every few
    /// seconds. Messages are acknowledged and forgotten.
    package func keepAlive() throws(MQTTError) {
        repeat {
            loop.turn(until: 0)
            if let error = inbox.error { throw error }
        } while loop.reactor.isReady
        discardMessages()
    }

    /// Ends the connection in good order [MQTT-3.14.4-1]; that the server hears it is not certain.
    package func disconnect() {
        guard driver.isConnected else { return driver.close() }
        driver.disconnect()
        let deadline = Deadline(in: Self.writeTimeout)
        while !inbox.hasEnded, deadline.millisecondsLeft > 0 {
            loop.turn(until: loop.now + Int64(deadline.millisecondsLeft))
        }
        driver.close()
    }
}

/// What has come for a blocking client.
private final class BlockingInbox: ClientDriverDelegate {
    var connack: MQTTConnack?
    var error: MQTTError?
    var hasEnded = false
    var messages: [MQTTMessage] = []
    var answers: [ClientRequest: [MQTTReasonCode]] = [:]
    var failures: [ClientRequest: MQTTError] = [:]
    var completions: [UInt64: MQTTReasonCode] = [:]

    func client(_ client: ClientDriver, connected connack: MQTTConnack) { self.connack = connack }

    func client(_ client: ClientDriver, received messages: UnsafeReceivedMessages) {
        self.messages.append(copying: messages)
    }

    func client(
        _ client: ClientDriver,
        completed ticket: UInt64,
        packetIdentifier: UInt16,
        _ code: MQTTReasonCode,
        reason: String?
    ) {
        completions[ticket] = code
    }

    func client(
        _ client: ClientDriver,
        answered request: ClientRequest?,
        packetIdentifier: UInt16,
        _ codes: [MQTTReasonCode]
    ) {
        if let request { answers[request] = codes }
    }

    func client(_ client: ClientDriver, gaveUp request: ClientRequest, _ error: MQTTError) {
        failures[request] = error
    }

    func client(_ client: ClientDriver, ended error: MQTTError?, retryIn milliseconds: Int64?) {
        self.error = error
        hasEnded = true
    }
}
