// SPDX-License-Identifier: Apache-2.0
// The remote broker of a bridge, on one connection.

import ClientMachine
import Config
import Inflight
import Log
import MQTT
import Net
import Results

/// The other end of a bridge's connection, from CONNECT on.
///
/// What the remote says goes through the machine of a client, which the windows of the bridge's session
/// are lent to; what comes of it takes the ways that all messages take.
final class BridgePeer: SessionPeer {
    unowned let bridge: Bridge
    /// The bridge's configuration when the connection was made, or one that says the same.
    var plan: BridgePlan
    private var machine: MQTTClientMachine
    /// Packets of the machine on their way to the socket.
    private var output: [UInt8] = []
    /// Where topics get the names they have here.
    var name = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    /// When the remote accepted the bridge, in seconds of the reactor clock.
    private var acceptedAt: Int64?
    /// Filters that a SUBSCRIBE is under way for, by packet identifier.
    var requested: [UInt16: [UInt8]] = [:]
    /// What tells where messages have been; known with CONNACK, nil where nobody wants to know.
    private(set) var loopMark: BridgeLoopMark?
    /// What goes out differently from what clients get; known with CONNACK.
    private(set) var remoteTerms: RemoteTerms?
    /// Messages that have come over this connection.
    var receivedCount = 0
    /// QoS 2 messages that an earlier connection has brought, until CONNACK has come.
    private var unreleased: [(place: Int, identifier: UInt16, message: Message)] = []
    private var activityCount = 0
    private var activeAt: Int64 = 0

    /// Sends CONNECT.
    init(_ bridge: Bridge, _ connection: Connection) {
        self.bridge = bridge
        plan = bridge.plan
        let worker = bridge.worker
        let configuration = bridge.configuration
        let packet = bridge.introduction.packet(
            configuration,
            inFlightMax: worker.settings.configuration.maxInflightMessages,
            brokerName: worker.settings.configuration.bridgeLoopProtection
        )
        machine = MQTTClientMachine(
            connecting: packet,
            releasesAtOnce: worker.sessionListener == nil,
            timeout: Int64(configuration.keepaliveInterval) * 1000,
            now: worker.reactor.now,
            output: &output
        )
        super.init(worker: worker, connection: connection, stage: .entering)
        version = packet.version
        isV5 = version == .v5
        identity = bridge.identity(at: connection.peer)
        connection.handler = self
        log.debug("Bridge \(configuration.remoteClientid) sending CONNECT")
        writeOutput()
        setDeadline()
    }

    deinit { name.deallocate() }

    private var now: Int64 { worker.reactor.now }

    // MARK: Output

    /// Writes what the machine has said.
    private func writeOutput() {
        guard !output.isEmpty else { return }
        var count = 0
        output.withUnsafeBytes { bytes in
            var offset = 0
            while offset < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
                guard case .header(let header) = parseFixedHeader(rest.bytes) else {
                    preconditionFailure("the machine says whole packets")
                }
                switch header.type {
                case .publish: counters.sent.addPublishes(qos: header.flags >> 1 & 3)
                case let type?: counters.sent.add(type)
                case nil: break
                }
                offset += header.packetLength
                count += 1
            }
            connection?.write(bytes, packets: count)
        }
        counters.bytesSent.add(output.count)
        output.removeAll(keepingCapacity: output.capacity <= 4096)
    }

    private func setDeadline() {
        connection?.setDeadline(machine.deadline.map { ($0 + 999) / 1000 })
    }

    // MARK: Input

    /// Handles every complete packet in `bytes`; returns how many bytes those were.
    private func handlePackets(_ bytes: UnsafeRawBufferPointer) -> Int {
        var offset = 0
        var meter = InputMeter(worker)
        while offset < bytes.count, stage != .ended, spreadCount == 0 {
            if meter.isUsed(worker) {
                connection?.yieldReading(taken: offset)
                return offset
            }
            if mustWait(forPacketBeginning: bytes[offset]) {
                connection?.pauseReading()
                return offset
            }
            let step = receive(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
            guard step.byteCount > 0 else {
                if case .needsMore(let size) = step.event { connection?.neededBytes = size }
                return offset
            }
            offset += step.byteCount
            take(step.event)
        }
        return stage == .ended ? bytes.count : offset
    }

    /// Whether a packet's effect depends on messages that plugins have yet to decide about.
    private func mustWait(forPacketBeginning byte: UInt8) -> Bool {
        guard undecidedCount > 0 else { return false }
        switch PacketType(rawValue: byte >> 4) {
        case .puback, .pubrec, .pubcomp, .pingresp: return false
        case .publish: return undecidedCount >= Self.undecidedMax
        default: return true
        }
    }

    /// Lends the windows of the session to the machine; before there is one, there is nothing in them.
    private func receive(_ bytes: UnsafeRawBufferPointer) -> ClientStep {
        if stage == .entering { unreleased = waitingSession?.incoming?.placed ?? [] }
        guard let session = session ?? waitingSession else {
            let send = SendWindow()
            let receive = ReceiveWindow()
            return machine.receive(bytes, send, receive, now: now, output: &output)
        }
        return machine.receive(
            bytes,
            session.outgoing.window,
            session.openIncoming().window,
            now: now,
            output: &output
        )
    }

    /// The session that CONNACK opens, with what waits in it.
    private var waitingSession: Session? {
        plan.isCleanHere ? nil : bridge.session
    }

    /// What has come, and what follows.
    private func take(_ event: ClientEvent) {
        writeOutput()
        switch event {
        case .needsMore, .nothing, .answeredPing, .challenged, .reauthenticated, .announced: break
        case .connected(let connack): enter(connack)
        case .refused(let connack):
            let name = plan.configuration.name
            let refusal = bridge.introduction.learn(from: connack, name: name)
            log.write(refusal.isNotice ? .notice : .error, refusal.line)
            leave(.refused(refusal.line), isQuiet: true)
        case .publish(let message): accept(message)
        case .publishes(let stretch): accept(stretch)
        case .repeated(_, let identifier): writeAck(.pubrec, identifier)
        case .released(let stretch): release(stretch)
        case .acknowledged(let stretch, let reason): noteAcknowledged(stretch, reason)
        case .received(let identifier):
            session?.noteReleased(identifier)
            writeAck(.pubrel, identifier)
        case .subscribed(let identifier, let codes): noteSubscribed(identifier, codes)
        case .unsubscribed: break
        case .disconnected(let disconnect):
            let reason = ReasonText.text(of: CInt(disconnect.reasonCode.rawValue))
            leave(.lost("the remote has ended the connection: \(reason)"))
        case .failed(let error):
            counters.violations.add(0)
            leave(.lost("\(error.detail)"))
        }
    }

    private func noteAcknowledged(_ stretch: AnswerStretch, _ reason: ReasonCode) {
        guard let session else { return }
        if reason.isError, admitsLine(about: "refusals") {
            let text = ReasonText.text(of: CInt(reason.rawValue))
            log.warning(
                "Warning: The remote of bridge \(plan.configuration.name) has refused a message: \(text)."
            )
        }
        session.noteAcknowledged(stretch)
        sendMore(session)
    }

    // MARK: CONNACK

    /// The remote has accepted the bridge: its session goes on over this connection.
    private func enter(_ connack: ConnackPacket) {
        guard let connection, let identity else { return }
        let configuration = plan.configuration
        let maximumQoS = min(bridge.introduction.maximumQoS, machine.limits.maximumQoS)
        // Somebody else may have come with the identifier, and even end the session.
        bridge.session?.peer?.finish(.takenOver)
        let session = bridge.prepareSession(plan, maximumQoS: maximumQoS)
        worker.reporter?.willResume(session, inFlightMax: inFlightMax)
        session.attach(self, identity, expiryInterval: bridge.expiryInterval)
        self.session = session
        entryNumber = worker.entryCount
        worker.entryCount += 1
        connection.promote()
        stage = .connected
        acceptedAt = worker.now
        activeAt = now
        loopMark = makeLoopMark(connack)
        let terms = RemoteTerms(
            plan.topics,
            takesRetained: configuration.outgoingRetain && bridge.introduction.isRetainAvailable
                && machine.limits.isRetainAvailable,
            maximumQoS: maximumQoS,
            firstNewPlace: machine.firstNewPlace,
            mark: loopMark
        )
        remoteTerms = terms
        let peer = connection.peer
        let place = if case .unix = peer { peer.host } else { "\(peer.host):\(peer.port)" }
        log.notice(
            "Bridge \(configuration.name) connected to \(place).",
            identity.logFields()
        )
        announce()
        subscribe()
        setDeadline()
        session.open(makeOutlet(terms, connection))
        if worker.hasHooks { worker.broker.directory.set(session) }
        worker.reporter?.noteEntered(session)
        if connack.isSessionPresent { unreleased = [] } else { publishUnreleased(session) }
        bridge.accepted(at: now)
        guard stage == .connected else { return }
        session.pump()
        for subscription in plan.subscriptions(maximumQoS: maximumQoS) {
            session.sendRetained(for: subscription)
        }
    }

    /// The marks of this connection, with the name that the remote gives itself.
    private func makeLoopMark(_ connack: ConnackPacket) -> BridgeLoopMark? {
        guard isV5, let own = worker.settings.configuration.bridgeLoopProtection else { return nil }
        var remote = BridgeLoopMark.name(in: connack.otherProperties)
        if remote == Array(own.utf8) {
            log.warning(
                "Warning: The remote of bridge \(plan.configuration.name) is called '\(own)' as this broker"
                    + " is: give each its own name with bridge_loop_protection."
            )
            remote = nil
        }
        return BridgeLoopMark(own: own, remote: remote)
    }

    /// QoS 1 and 2 messages that may be under way to the remote.
    private var inFlightMax: Int {
        let own = worker.settings.configuration.maxInflightMessages
        let remote = machine.limits.receiveMaximum
        return own == 0 ? remote : min(own, remote)
    }

    private func makeOutlet(_ terms: RemoteTerms, _ connection: Connection) -> Outlet {
        let limits = machine.limits
        var outlet = OutletTerms(terms)
        outlet.receiveMaximum = UInt16(clamping: inFlightMax)
        let size = plan.configuration.maxPacketSize
        packetSizeMax = UInt32(
            clamping: size > 0 ? min(size, limits.maximumPacketSize) : limits.maximumPacketSize
        )
        outlet.maximumPacketSize = packetSizeMax
        outlet.wantsReasons = true
        if isV5 {
            outlet.aliasCount = min(
                Int(limits.topicAliasMaximum),
                plan.configuration.maxTopicAlias
            )
        }
        return Outlet(self, connection, outlet)
    }

    /// QoS 2 messages of a session that the remote has lost: it will never release them, and nobody
    /// sends them again, so they are published now.
    private func publishUnreleased(_ session: Session) {
        for (place, identifier, message) in unreleased where session.takeReleased(at: place) != nil
        {
            worker.publish(message, from: session.handle)
            session.noteForgotten(message, identifier)
        }
        unreleased = []
        session.incoming?.tidy()
    }

    /// The first message of the connection says that the bridge is up.
    private func announce() {
        let configuration = plan.configuration
        guard configuration.notifications, !configuration.notificationsLocalOnly else { return }
        let message = OutgoingPublish(
            topic: Array(configuration.stateTopic.utf8),
            payload: BridgeIntroduction.payload(isUp: true),
            qos: bridge.introduction.notificationQoS,
            isRetained: bridge.introduction.isRetainAvailable
        )
        request(.publish) { machine, send, output throws(RequestError) in
            try machine.announce(message, send, now: now, output: &output)
        }
    }

    /// Has the machine say something, and writes it.
    func request(
        _ type: PacketType,
        _ body: (inout MQTTClientMachine, borrowing SendWindow, inout [UInt8]) throws(RequestError)
            -> Void
    ) {
        guard let session else { return }
        do throws(RequestError) {
            try body(&machine, session.outgoing.window, &output)
        } catch {
            log.warning(
                "Warning: Bridge \(plan.configuration.name) cannot send \("\(type)".uppercased()): \(error)."
            )
        }
        writeOutput()
    }

    // MARK: Idle

    /// When a lazy bridge leaves, in milliseconds of the reactor clock, unless messages come or go; nil for
    /// others.
    var idleDeadline: Int64? {
        guard plan.configuration.startType == .lazy, stage == .connected else { return nil }
        let count = receivedCount &+ (remoteTerms?.messageCount ?? 0)
        if count != activityCount || session?.outgoing.window.isEmpty == false {
            activityCount = count
            activeAt = now
        }
        return activeAt + 1000 * Int64(plan.configuration.idleTimeout)
    }

    // MARK: End

    /// Ends the connection for a reason that the bridge has.
    ///
    /// - Parameter isQuiet: the reason was logged already
    func leave(_ end: BridgeEnd, isQuiet: Bool = false) {
        switch end {
        case .idle, .primaryBack, .renewed:
            machine.disconnect(output: &output)
            writeOutput()
        case .unreachable, .refused, .lost: break
        }
        close(end, ClientEnd(text: end.text, code: ResultCode.connectionLost), isQuiet: isQuiet)
    }

    override func finish(_ end: ClientEnd, isConnectionLost: Bool = false) {
        close(.lost(end.text ?? "closed"), end, isQuiet: false)
    }

    private func close(_ end: BridgeEnd, _ clientEnd: ClientEnd, isQuiet: Bool) {
        guard stage != .ended else { return }
        worker.deliverCollected()
        guard stage != .ended else { return }
        stage = .ended
        machine.cut()
        heldAnswers = HeldAnswers()
        if !isQuiet, worker.settings.configuration.connectionMessages {
            log.notice(
                "Client \(plan.configuration.localClientid) [(null):0] disconnected: \(end.text).",
                identity?.logFields(.clientDisconnected, reason: end.text) ?? LogFields(nil)
            )
        }
        if let session {
            self.session = nil
            if session.peer === self { worker.leave(session, clientEnd) }
        }
        worker.sendOutboxes()
        releaseConnection()?.closeInTurn()
        bridge.ended(end, lasted: acceptedAt.map { worker.now - $0 })
    }
}

extension BridgePeer: ConnectionHandler {
    func connection(_ connection: Connection, received bytes: UnsafeRawBufferPointer) -> Int {
        take(from: connection) { handlePackets(bytes) }
    }

    func connection(_ connection: Connection, ended end: ConnectionEnd) {
        let text =
            switch end {
            case .closedByPeer: "the remote has closed the connection"
            case .failed(let code): SystemError("", code: code).reason
            case .refused(let error): OutgoingFailure.refused(error).description
            }
        close(.lost(text), .ended(end), isQuiet: false)
    }

    func connectionTimedOut(_ connection: Connection) {
        guard stage != .ended else { return }
        let event = machine.tick(now: now, output: &output)
        if case .failed = event { return take(event) }
        writeOutput()
        setDeadline()
    }

    func connectionDrained(_ connection: Connection) { goOnWriting() }

    func connectionLacksMemory(_ connection: Connection) { leave(.lost("out of memory")) }
}
