// SPDX-License-Identifier: Apache-2.0
// One connection of a client to its server, from CONNECT on.

import ClientMachine
import Inflight
import MQTT
import Net

/// One connection of a client: what the server says goes through the machine, which the windows of the
/// client are lent to; what comes of it goes to the driver.
final class ServerLink: ConnectionHandler {
    private enum Stage {
        case open
        /// DISCONNECT is written; the link ends with its last byte.
        case leaving
        case ended
    }

    private unowned let driver: ClientDriver
    private(set) var connection: Connection?
    private(set) var machine: MQTTClientMachine
    private var output: [UInt8] = []
    /// Whether the system may wait for more before it sends what was written last.
    private var isHeldBack = false
    /// Bytes that were written, to the socket or for it.
    private var writtenByteCount = 0
    private var stage = Stage.open
    /// When the deadline of the connection is set to, in milliseconds of the reactor's clock.
    private var timerAt: Int64?
    /// The end of an authentication that CONNACK is to conclude.
    var exchange: (any MQTTAuthenticationExchange)?

    /// Sends CONNECT.
    init(_ driver: ClientDriver, _ connection: Connection, _ packet: ConnectPacket) {
        self.driver = driver
        self.connection = connection
        machine = MQTTClientMachine(
            connecting: packet,
            numbersInTurn: true,
            isLenient: driver.configuration.isLenient,
            timeout: driver.configuration.timeoutMilliseconds,
            now: driver.reactor.now,
            output: &output
        )
        connection.promote()
        connection.handler = self
        writeOutput()
        setDeadline()
    }

    private var now: Int64 { driver.reactor.now }

    /// Whether packets may go.
    var isConnected: Bool { stage == .open && machine.stage == .connected }

    /// Whether messages may go.
    var mayPublish: Bool { stage == .open && machine.mayPublish }

    /// Messages go before CONNACK has come.
    func publishEarly() { machine.sendsEarly = true }

    // MARK: Output

    /// Whether the machine has said something that is not written.
    var hasOutput: Bool { !output.isEmpty }

    /// Bytes that were said over this connection.
    var saidByteCount: Int { writtenByteCount + output.count }

    /// How many of them the socket has taken, or the layers before it.
    var takenByteCount: Int { writtenByteCount - (connection?.queuedByteCount ?? 0) }

    /// Writes what the machine has said.
    func writeOutput() {
        guard !output.isEmpty else { return }
        output.withUnsafeBytes { bytes in
            driver.trace(bytes, isSent: true)
            connection?.write(bytes, packets: 0)
            writtenByteCount += bytes.count
        }
        output.removeAll(keepingCapacity: output.capacity <= 64 << 10)
    }

    /// Has the machine say something, which is written when the turn ends, or with `flush`.
    func say<Result, Failure: Error>(
        _ body: (inout MQTTClientMachine, inout [UInt8]) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { if output.count >= Self.writtenAt || driver.isTraced { writeOutput() } }
        return try body(&machine, &output)
    }

    /// A packet was written past the machine.
    func noteSent(_ byteCount: Int) {
        writtenByteCount += byteCount
        machine.noteSent(now: driver.reactor.now)
    }

    /// Hands what waits to the socket, as far as that takes it; see `ClientDriver.flush`.
    func flush(expectsMore: Bool = false) {
        writeOutput()
        guard let connection, connection.queuedByteCount > 0 else { return }
        isHeldBack = expectsMore
        connection.flush(expectsMore: expectsMore)
    }

    /// Has the system send what it waits with because more was expected.
    func push() {
        guard isHeldBack else { return }
        isHeldBack = false
        connection?.push()
    }

    /// Bytes that wait for the socket, above which no further message is taken.
    private static let unwrittenMax = 256 << 10
    /// Bytes that are handed to the socket before the turn is over.
    private static let flushedAt = 64 << 10
    /// Bytes that are written at once, so that the array they are collected in stays small.
    private static let writtenAt = 32 << 10

    /// Whether the server takes bytes more slowly than they come; `driver.hasRoom` follows.
    var isCrowded: Bool {
        guard let connection else { return true }
        if connection.queuedByteCount >= Self.flushedAt, !connection.isOutputBlocked { flush() }
        return connection.isOutputBlocked && connection.queuedByteCount >= Self.unwrittenMax
    }

    private func setDeadline() {
        guard let deadline = machine.deadline else { return }
        guard timerAt.map({ deadline < $0 }) ?? true else { return }
        timerAt = deadline
        connection?.setDeadline((deadline + 999) / 1000)
    }

    // MARK: Input

    func connection(_ connection: Connection, received bytes: UnsafeRawBufferPointer) -> Int {
        var offset = 0
        while offset < bytes.count, stage == .open, !driver.isReadingPaused {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
            let step = machine.receive(
                rest,
                driver.sending,
                driver.receiving,
                now: now,
                output: &output
            )
            guard step.byteCount > 0 else {
                if case .needsMore(let size) = step.event { connection.neededBytes = size }
                break
            }
            let packets = UnsafeRawBufferPointer(rebasing: rest[..<step.byteCount])
            driver.trace(packets, isSent: false)
            offset += step.byteCount
            take(step.event, packets)
        }
        guard stage == .open else { return bytes.count }
        driver.tookBatch()
        guard stage == .open else { return bytes.count }
        writeOutput()
        setDeadline()
        return offset
    }

    private func take(_ event: ClientEvent, _ packets: UnsafeRawBufferPointer) {
        switch event {
        case .needsMore, .nothing, .answeredPing, .announced, .received: break
        case .connected(let connack): accepted(connack)
        case .refused(let connack): end(Self.refusal(connack, driver.configuration.version))
        case .challenged(let data): answer(data)
        case .reauthenticated(let data): conclude(data)
        case .publish(let message):
            message.withTopic { driver.deliver(UnsafeReceivedMessages(message, topic: $0)) }
            acknowledge(message.publish.qos, message.publish.packetIdentifier)
        case .publishes(let stretch):
            driver.deliver(UnsafeReceivedMessages(stretch))
            guard stretch.qos > 0 else { break }
            machine.acknowledge(stretch, now: now, output: &output)
        case .repeated(_, let identifier): acknowledge(2, identifier)
        case .released(let stretch): release(stretch)
        case .acknowledged(let stretch, let code):
            driver.complete(stretch, code, reason: code.isError ? Self.reason(packets) : nil)
        case .subscribed(let identifier, let codes), .unsubscribed(let identifier, let codes):
            driver.answered(identifier, codes)
        case .disconnected(let packet):
            end(
                .disconnected(MQTTReasonCode(packet.reasonCode), reason: packet.reasonString)
            )
        case .failed(let error):
            writeOutput()
            driver.note(error)
            end(Self.violation(error))
        }
    }

    private func acknowledge(_ qos: UInt8, _ identifier: UInt16) {
        guard qos > 0 else { return }
        machine.acknowledge(
            qos == 1 ? .puback : .pubrec,
            identifier,
            .success,
            driver.receiving,
            now: now,
            output: &output
        )
    }

    /// A QoS 2 message was handed out when it came; its identifier is free again now.
    private func release(_ stretch: AnswerStretch) {
        for place in stretch.places {
            machine.acknowledge(
                .pubcomp,
                stretch.identifier(at: place),
                .success,
                driver.receiving,
                now: now,
                output: &output
            )
            driver.released(stretch.identifier(at: place))
        }
        // Nothing is kept at a place.
        if driver.receiving.isSparse { driver.receiving.compact { _, _ in } }
    }

    private func accepted(_ connack: ConnackPacket) {
        machine.useAliases(atMost: driver.configuration.outgoingTopicAliasMaximum)
        if let exchange {
            self.exchange = nil
            do {
                try exchange.finish(connack.authenticationData)
            } catch {
                return end(.authentication("\(error)"))
            }
        }
        writeOutput()
        driver.accepted(self, connack)
    }

    private static func violation(_ error: PacketError) -> MQTTError {
        switch error.fault {
        case .malformed, .text: .malformedPacket("\(error.detail)")
        case .violation: .protocolViolation("\(error.detail)")
        }
    }

    /// Brokers that do not know 5.0 refuse it with a code of 3.1.1.
    private static func refusal(_ connack: ConnackPacket, _ version: MQTTVersion) -> MQTTError {
        let code = connack.reasonCode
        return .refused(code: code.rawValue, version: code.isError ? version : .v311)
    }

    /// What the server says in words about a message that it has not taken.
    private static func reason(_ packet: UnsafeRawBufferPointer) -> String? {
        guard case .header(let header) = parseFixedHeader(packet.bytes) else { return nil }
        let body = UnsafeRawBufferPointer(rebasing: packet[header.headerLength...]).bytes
        // Behind packet identifier and code.
        guard body.byteCount > 3 else { return nil }
        var reader = PacketReader(body, range: 3..<body.byteCount)
        guard reader.readVariableByteInteger() != nil else { return nil }
        var walk = PropertyIterator(body, range: reader.offset..<body.byteCount)
        while let property = walk.next() {
            if case (.reasonString, .string(let range)) = (property.identifier, property.value) {
                return UnsafeLoad.string(body, range)
            }
        }
        return nil
    }

    // MARK: Authentication

    /// Answers a challenge.
    private func answer(_ challenge: [UInt8]?) {
        guard let exchange else {
            if driver.challenged(challenge) { return }
            return end(.authentication("an unexpected challenge"))
        }
        do {
            let data = try exchange.respond(to: challenge)
            machine.answer(data, now: now, output: &output)
        } catch {
            end(.authentication("\(error)"))
        }
    }

    /// The server has accepted a further authentication.
    private func conclude(_ data: [UInt8]?) {
        guard let exchange else { return }
        self.exchange = nil
        do {
            try exchange.finish(data)
            driver.reauthenticated(nil)
        } catch {
            end(.authentication("\(error)"))
        }
    }

    // MARK: Time

    func connectionTimedOut(_ connection: Connection) {
        timerAt = nil
        guard stage == .open else { return finish(nil) }
        if driver.isReadingPaused { machine.noteUnread(now: now) }
        let wasConnected = isConnected
        if case .failed = machine.tick(now: now, output: &output) {
            writeOutput()
            return end(wasConnected ? .keepAliveExceeded : .timedOut("no CONNACK"))
        }
        writeOutput()
        setDeadline()
    }

    func connectionDrained(_ connection: Connection) {
        if stage == .leaving { finish(nil) } else { driver.noteRoom() }
    }

    func connectionLacksMemory(_ connection: Connection) { end(.connectionLost) }

    // MARK: End

    /// Ends the connection in good order: once all that waits is written.
    func leave(_ reason: ReasonCode, _ properties: [UInt8]) {
        guard stage == .open, let connection else { return }
        machine.disconnect(reason, properties: properties, output: &output)
        writeOutput()
        connection.flush()
        stage = .leaving
        guard connection.isOutputBlocked else { return finish(nil) }
        connection.setDeadline((now + driver.configuration.timeoutMilliseconds) / 1000 + 1)
    }

    /// Ends it at once; the driver is told.
    func end(_ error: MQTTError) {
        guard stage != .ended else { return }
        finish(stage == .leaving ? nil : error)
    }

    private func finish(_ error: MQTTError?) {
        let connection = close()
        connection?.closeInTurn()
        driver.linkEnded(self, error)
    }

    /// Ends it at once; nobody is told.
    @discardableResult
    func close() -> Connection? {
        guard stage != .ended else { return nil }
        writeOutput()
        stage = .ended
        machine.cut()
        defer { connection = nil }
        return connection
    }

    func connection(_ connection: Connection, ended end: ConnectionEnd) {
        guard stage != .ended else { return }
        let error: MQTTError =
            switch end {
            case .closedByPeer, .failed: .connectionLost
            case .refused(.handshake(let failure)): .tls(failure.explanation ?? failure.error)
            case .refused(.tls(let reason)): .tls(reason)
            case .refused(.webSocket(let reason)): .webSocket(reason)
            case .refused(.proxy): .connectionLost
            }
        let wasLeaving = stage == .leaving
        close()
        driver.linkEnded(self, wasLeaving ? nil : error)
    }
}
