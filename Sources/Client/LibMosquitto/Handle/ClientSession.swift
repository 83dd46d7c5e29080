// SPDX-License-Identifier: Apache-2.0
// The client of a handle: settings, connection, and what has happened.

import CMosquitto
import ClientMachine
import CommonLibrary
import Glibc
import MQTT
import MQTTClient
import Net
import PacketTracing
import PropertyLists
import Results

/// The client of a handle, used with the handle's lock held; never calls the program.
///
/// What the program is to be told is collected in `notices`, for whoever runs a loop, and in `own`, for the
/// caller of the present function.
final class ClientSession {
    /// What the program has set.
    var settings: ClientSettings
    /// What is to be told from a loop.
    var notices: [Notice] = []
    /// What is to be told before the present function returns.
    var own: [Notice] = []
    /// Whether log lines are wanted.
    var wantsLog = false
    /// Whether properties of acknowledgements are wanted.
    var wantsProperties = false
    /// Whether somebody else runs the loop: nothing is written here, and nothing told.
    var isThreaded = false
    /// Whether the program has asked for the end of the connection.
    var isWished = false
    /// Pauses before connecting again since a server has accepted the client.
    var pauseCount = 0
    /// How the last connection has ended, until a loop has told so.
    private var outcome: Outcome?

    /// Whether packets are being read: what they say is told from the loop.
    private var isTurning = false

    private(set) var loop: ClientLoop?
    private(set) var driver: ClientDriver?
    /// Tells what packets say.
    private var trace: PacketTrace?
    /// Encoded properties of the packet that is being handled.
    private var packetProperties: [UInt8] = []
    /// QoS 2 messages that are not released.
    private var held: [UInt16: Notice] = [:]
    /// QoS 0 messages that the socket has not taken.
    var passing = PassingMessages()

    init(_ settings: ClientSettings) { self.settings = settings }

    deinit {
        // It can no longer tell anything to somebody who goes.
        driver?.delegate = nil
        driver?.close()
        for notice in notices + own + Array(held.values) { notice.free() }
    }

    // MARK: Connecting

    /// Whether there is a connection, or one is being made.
    var isUnderWay: Bool { driver.map { !$0.isIdle } ?? false }

    /// Whether the system has connected the socket, and the packets before CONNACK may follow.
    var isTransportOpen: Bool { driver?.isTransportOpen ?? false }

    /// The socket, or while it is being connected what tells how that goes on; -1 for none.
    var descriptor: CInt {
        guard let driver, let loop, !driver.isIdle else { return -1 }
        return driver.descriptor ?? loop.reactor.pollDescriptor
    }

    /// What is wanted to be told of has changed.
    func refreshTrace() { driver?.refreshTrace() }

    /// Begins to connect; replaces a connection that is open.
    func connect() -> Outcome {
        guard let target = settings.target else { return Outcome(code: ResultCode.invalid) }
        if settings.connectProperties != nil, !settings.isV5 {
            return Outcome(code: ResultCode.notSupported)
        }
        // Before 5.0 a password goes with a user name alone [MQTT311-3.1.2-22].
        if !settings.isV5, settings.password != nil, settings.userName == nil {
            return Outcome(code: ResultCode.invalid)
        }
        if settings.tls.context != nil, settings.tls.appliesDefaults, !settings.tls.hasAuthority,
            settings.tls.preSharedKey == nil
        {
            own.append(.log(level: CInt(MOSQ_LOG_ERR), Self.withoutAuthority))
            return Outcome(code: ResultCode.invalid)
        }
        outcome = nil
        isWished = false
        do throws(MQTTError) {
            let driver = try ensureDriver()
            driver.close()
            loseConnection()
            try driver.reconfigure(settings.configuration(to: target))
            trace =
                wantsLog
                ? PacketTrace(
                    version: settings.version.wireVersion,
                    clientIdentifier: settings.clientIdentifier ?? ""
                ) : nil
            driver.connect()
        } catch {
            return failedToBegin(error)
        }
        return .success
    }

    private static let withoutAuthority =
        "Error: If you use MOSQ_OPT_SSL_CTX then MOSQ_OPT_SSL_CTX_WITH_DEFAULTS must be true, or at "
        + "least one of cafile, capath or psk must be specified."

    private func failedToBegin(_ error: MQTTError) -> Outcome {
        guard case .tls(let text) = error else { return Outcome(error, wasOpen: false) }
        for line in text.split(separator: "\n") {
            own.append(.log(level: CInt(MOSQ_LOG_ERR), String(line)))
        }
        return Outcome(code: ResultCode.tls)
    }

    func ensureDriver() throws(MQTTError) -> ClientDriver {
        if let driver { return driver }
        let loop = try ensureLoop()
        // Made from what matters before the first connection, which is made from all.
        var configuration = MQTTConfiguration(.tcp(host: "localhost", port: 1883))
        configuration.version = settings.version
        configuration.limits.queuedMax = settings.queuedMaximum
        configuration.limits.queuedBytesMax = settings.queuedBytesMaximum
        configuration.isPatient = true
        let driver = try loop.makeClient(configuration)
        driver.delegate = self
        self.driver = driver
        return driver
    }

    /// Makes the loop that a connection needs, and that whoever waits is woken by.
    @discardableResult
    func ensureLoop() throws(MQTTError) -> ClientLoop {
        if let loop { return loop }
        let made = try ClientLoop()
        loop = made
        return made
    }

    /// Ends the connection without a word.
    func close() {
        driver?.close()
        loseConnection()
    }

    private func loseConnection() {
        passing.removeAll()
        packetProperties = []
    }

    /// Ends the connection in good order.
    func disconnect(_ code: UInt8, properties: [UInt8]) -> CInt {
        isWished = true
        guard let driver, driver.descriptor != nil else {
            driver?.close()
            return ResultCode.notConnected
        }
        driver.disconnect(MQTTReasonCode(rawValue: code), properties: properties)
        return ResultCode.success
    }

    // MARK: Turns

    /// When a loop that waits must look again, in milliseconds of the monotonic clock.
    var nextDeadline: Int64 {
        if !notices.isEmpty || outcome != nil { return 0 }
        return loop?.reactor.nextDeadline() ?? .max
    }

    /// Whether a loop has something to do or to wait for.
    var hasWork: Bool { isUnderWay || nextDeadline == 0 }

    /// What a loop waits at, -1 for nothing, and how long at most.
    func place(until deadline: Int64) -> (descriptor: CInt, deadline: Int64) {
        (loop?.reactor.pollDescriptor ?? -1, min(deadline, nextDeadline))
    }

    /// Reads, writes, and does what is due, without waiting.
    func turn() {
        isTurning = true
        loop?.reactor.turn()
        isTurning = false
        noteWritten()
    }

    /// Writes what there is.
    ///
    /// In a chain the program is told next that messages are out, and may well publish more: then the system
    /// is to wait for that before it sends a packet, or for `endChain`.
    func flush(isInChain: Bool = false) {
        driver?.flush(expectsMore: isInChain && !passing.isEmpty)
        noteWritten()
    }

    /// Nothing more is expected to follow at once.
    func endChain() { driver?.push() }

    /// Whether something waits to be written.
    var hasUnwritten: Bool { driver?.hasUnwritten ?? false }

    /// What is to be told, in the order in which it has happened.
    func takeNotices() -> [Notice] {
        var taken: [Notice] = []
        swap(&taken, &notices)
        guard !own.isEmpty else { return taken }
        defer { own.removeAll(keepingCapacity: true) }
        return own + taken
    }

    /// How the connection has ended, if it has and nobody was told.
    func takeOutcome() -> Outcome? {
        defer { outcome = nil }
        return outcome
    }

    /// How an attempt has ended, if it has: what has come of a connection is for a loop to tell.
    func takeAttempt() -> Outcome? {
        guard outcome?.isAttempt == true else { return nil }
        return takeOutcome()
    }

    private func noteWritten() {
        guard !passing.isEmpty, let driver else { return }
        passing.take(upTo: driver.takenByteCount) { mid in
            tell(.published(mid: mid, code: 0, properties: nil))
        }
    }

    /// A program that runs no loop elsewhere is told before its call returns.
    private func tell(_ notice: Notice) {
        if isThreaded { notices.append(notice) } else { own.append(notice) }
    }

    // MARK: Messages

    /// Requests for subscriptions; others are for their end.
    private var subscriptions: Set<ClientRequest> = []

    /// QoS 0 messages that wait for CONNACK, by their tickets.
    var waiting: [UInt64: UInt16] = [:]

    /// Asks for subscriptions.
    func subscribe(
        _ filters: [(filter: [UInt8], options: SubscriptionOptions)],
        properties: [UInt8]
    ) -> (code: CInt, mid: UInt16) {
        guard let driver, !driver.isIdle else { return (ResultCode.notConnected, 0) }
        do throws(MQTTError) {
            let request = try driver.subscribe(filters, properties: properties)
            subscriptions.insert(request)
            return (ResultCode.success, driver.packetIdentifier(of: request) ?? 0)
        } catch {
            return (Outcome(error, wasOpen: true).code, 0)
        }
    }

    /// Ends subscriptions.
    func unsubscribe(_ filters: [[UInt8]], properties: [UInt8]) -> (code: CInt, mid: UInt16) {
        guard let driver, !driver.isIdle else { return (ResultCode.notConnected, 0) }
        do throws(MQTTError) {
            let request = try driver.unsubscribe(filters, properties: properties)
            return (ResultCode.success, driver.packetIdentifier(of: request) ?? 0)
        } catch {
            return (Outcome(error, wasOpen: true).code, 0)
        }
    }

    /// Answers a step of extended authentication.
    func answer(_ method: String, _ data: [UInt8]?, properties: [UInt8]) -> CInt {
        guard let driver, driver.descriptor != nil else { return ResultCode.notConnected }
        guard driver.authenticationMethod == method else { return ResultCode.protocolError }
        driver.answer(data, properties: properties)
        return ResultCode.success
    }

    /// The program has failed a step of extended authentication.
    func failAuthentication(_ code: CInt) {
        guard isUnderWay else { return }
        close()
        outcome = Outcome(code: code)
        notices.append(.disconnected(code: code, properties: nil))
    }
}

extension ClientSession: ClientDriverDelegate {
    private func takeProperties() -> OpaquePointer? {
        guard wantsProperties, !packetProperties.isEmpty else { return nil }
        defer { packetProperties = [] }
        return packetProperties.withUnsafeBytes { PropertyLists.list($0) }
    }

    func client(_ client: ClientDriver, connected connack: MQTTConnack) {
        pauseCount = 0
        trace?.clientIdentifier = connack.clientIdentifier
        if !connack.isSessionPresent {
            for notice in held.values { notice.free() }
            held.removeAll()
        }
        notices.append(
            .connected(
                code: 0,
                flags: connack.isSessionPresent ? 1 : 0,
                properties: takeProperties()
            )
        )
    }

    func client(_ client: ClientDriver, received messages: UnsafeReceivedMessages) {
        let encoded = messages.properties
        messages.walk { payload, identifier in
            guard
                let message = Notice.makeMessage(
                    mid: identifier,
                    topic: messages.topic,
                    payload: payload,
                    qos: messages.qos,
                    isRetained: messages.isRetained
                )
            else { return }
            let list = encoded.isEmpty ? nil : PropertyLists.list(encoded)
            let notice = Notice.message(message, properties: list)
            guard messages.qos == 2 else {
                notices.append(notice)
                return
            }
            held.updateValue(notice, forKey: identifier)?.free()
        }
    }

    func client(_ client: ClientDriver, released packetIdentifier: UInt16) {
        if let notice = held.removeValue(forKey: packetIdentifier) { notices.append(notice) }
    }

    func client(
        _ client: ClientDriver,
        completed ticket: UInt64,
        packetIdentifier: UInt16,
        _ code: MQTTReasonCode,
        reason: String?
    ) {
        if let mid = waiting.removeValue(forKey: ticket) {
            passing.append(CInt(mid), end: client.saidByteCount)
            return
        }
        notices.append(
            .published(
                mid: CInt(packetIdentifier),
                code: CInt(code.rawValue),
                properties: takeProperties()
            )
        )
    }

    func client(
        _ client: ClientDriver,
        answered request: ClientRequest?,
        packetIdentifier: UInt16,
        _ codes: [MQTTReasonCode]
    ) {
        let isSubscription = request.map { subscriptions.remove($0) != nil } ?? true
        let codes = codes.map { CInt($0.rawValue) }
        let mid = CInt(packetIdentifier)
        notices.append(
            isSubscription
                ? .subscribed(mid: mid, codes, properties: takeProperties())
                : .unsubscribed(mid: mid, codes, properties: takeProperties())
        )
    }

    func client(_ client: ClientDriver, challenged data: [UInt8]?) -> Bool {
        guard let method = client.authenticationMethod else { return false }
        notices.append(
            .challenged(method: method, data: data ?? [], properties: takeProperties())
        )
        return true
    }

    func client(_ client: ClientDriver, gaveUp request: ClientRequest, _ error: MQTTError) {
        subscriptions.remove(request)
    }

    func client(_ client: ClientDriver, ended error: MQTTError?, retryIn milliseconds: Int64?) {
        let wasOpen = client.hasSaidConnect
        loseConnection()
        guard let error, !isWished else {
            outcome = .success
            return notices.append(.disconnected(code: 0, properties: nil))
        }
        outcome = outcome(of: error, client)
        switch error {
        case .refused(let code, _):
            // What was said in the terms of 3.1.1 is told in those of 5.0.
            let isTooNew = settings.isV5 && code == 1
            let told = isTooNew ? ReasonCode.unsupportedProtocolVersion.rawValue : code
            if isTooNew { outcome = Outcome(code: ResultCode.protocolError) }
            notices.append(
                .connected(code: CInt(told), flags: 0, properties: takeProperties())
            )
            notices.append(.disconnected(code: outcome?.code ?? 0, properties: nil))
        case .disconnected(let code, _):
            notices.append(
                .disconnected(code: CInt(code.rawValue), properties: takeProperties())
            )
        case .tls(let text) where !wasOpen:
            notices.append(.log(level: CInt(MOSQ_LOG_ERR), text))
            notices.append(.disconnected(code: outcome?.code ?? 0, properties: nil))
        default:
            // An attempt is not told of.
            guard let outcome, !outcome.isAttempt else { return }
            notices.append(.disconnected(code: outcome.code, properties: nil))
        }
    }

    private func outcome(of error: MQTTError, _ client: ClientDriver) -> Outcome {
        if let violation = client.violation { return Outcome(violation) }
        if case .proxy(_, let reply)? = client.failure { return Outcome(proxyReply: reply) }
        return Outcome(error, wasOpen: client.hasSaidConnect)
    }

    var wantsTrace: Bool { wantsLog || wantsProperties }

    func client(_ client: ClientDriver, traced packet: UnsafeRawBufferPointer, isSent: Bool) {
        if !isSent { packetProperties = wantsProperties ? Self.properties(of: packet, client) : [] }
        guard wantsLog else { return }
        if trace == nil {
            trace = PacketTrace(
                version: settings.version.wireVersion,
                clientIdentifier: client.clientIdentifier
            )
        }
        for line in trace?.lines(packet, isSent: isSent).split(separator: "\n") ?? [] {
            let notice = Notice.log(level: CInt(MOSQ_LOG_DEBUG), String(line))
            if isTurning { notices.append(notice) } else { own.append(notice) }
        }
    }

    /// The encoded properties of an acknowledgement, CONNACK, DISCONNECT or AUTH, without their length.
    private static func properties(
        of packet: UnsafeRawBufferPointer,
        _ client: ClientDriver
    ) -> [UInt8] {
        guard client.configuration.version == .v5,
            case .header(let header) = parseFixedHeader(packet.bytes)
        else { return [] }
        let body = UnsafeRawBufferPointer(rebasing: packet[header.headerLength...])
        let offset: Int
        switch header.type {
        case .connack, .suback, .unsuback: offset = 2
        case .puback, .pubrec, .pubcomp: offset = 3
        case .disconnect, .auth: offset = 1
        default: return []
        }
        guard body.count > offset else { return [] }
        var reader = PacketReader(body.bytes, range: offset..<body.count)
        guard let count = reader.readVariableByteInteger().map({ Int($0) }), count > 0,
            reader.offset + count <= body.count
        else { return [] }
        return Array(body[reader.offset..<(reader.offset + count)])
    }
}
