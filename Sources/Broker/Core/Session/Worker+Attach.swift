// SPDX-License-Identifier: Apache-2.0
// A client meets its session: takeover, resume, CONNACK.

import Config
import Log
import MQTT
import Net
import Results
import Topics

extension Worker {
    /// Lets an authenticated client in after all that its earlier connection has sent.
    ///
    /// That connection may well have ended, after a last message or DISCONNECT, and this worker not
    /// have got to it. Never called while a connection is being read: catching up reads another.
    func attachInTurn(_ client: Client, _ request: ConnectRequest) {
        sessions[request.identity.clientIdentifier]?.peer?.connection?.catchUp()
        attach(client, request, to: sessions[request.identity.clientIdentifier])
    }

    /// Lets an authenticated client in; docs/protocol-choices.md says what CONNACK has, what becomes of
    /// an earlier session and what is sent again.
    ///
    /// Whatever may refuse the client comes first: until the answer is yes, nothing of anybody's is
    /// touched.
    ///
    /// - Parameter earlier: the session of the client identifier, if there is one
    func attach(_ client: Client, _ request: ConnectRequest, to earlier: Session?) {
        let packet = request.packet
        let isResumed = earlier.map { !packet.isCleanStart && isKept($0) } ?? false
        if let refusal = keepAliveRefusal(packet) { return client.refuseConnect(refusal) }
        let connack = connack(for: client, request, isSessionPresent: isResumed)
        guard connack.count <= packet.maximumPacketSize.map(Int.init) ?? .max else {
            return client.finish(.refused("oversize packet", code: ResultCode.oversizePacket))
        }
        // Whose CONNACK never went out is as new as one that begins now.
        let isEstablished = isResumed && earlier?.isEstablished == true
        if !isEstablished, recorder?.hasFailed == true, request.isPersistent {
            return refuseForFault(client)
        }
        if let recorder, recorder.holdsBack(request, isEstablished: isEstablished) {
            return client.waitForLog(request)
        }
        if earlier == nil {
            guard broker.census.addSession(limit: settings.configuration.globalMaxClients) else {
                return refuseForCapacity(client)
            }
        }
        // [MQTT-3.1.2-4] [MQTT-3.1.2-5] [MQTT-3.1.2-6] [MQTT-3.1.4-4] [MQTT311-3.1.2-4]
        // [MQTT311-3.1.2-6] [MQTT311-3.1.4-2] [MQTT311-3.1.4-3]
        if let earlier {
            reporter?.noteRetiring(earlier, isResumed ? request : nil)
            retire(earlier, isResumed: isResumed)
        }
        if !packet.isCleanStart { counters.changes.add(1) }
        logConnect(request.identity)
        if isResumed { counters.sessionsResumed.add(1) }
        let session = isResumed ? earlier ?? makeSession(request) : makeSession(request)
        adopt(client, session, request)
        if !isEstablished, answerHolder != nil, client.hold(.entry) {
            client.waitForEntry { [self] in
                if session.peer === client { admit(client, session, request, connack) }
            }
        } else {
            admit(client, session, request, connack)
        }
    }

    /// Whether a session waits for its client's return.
    private func isKept(_ session: Session) -> Bool {
        let end = session.deadlines.expiresAt
        return session.isPersistent && (end == 0 || end > reactor.now)
    }

    /// The earlier connection of the same client identifier gives way [MQTT-3.1.4-3], and if the
    /// session is not resumed, that ends [MQTT-3.1.2-4]; the new one has its place in the census.
    private func retire(_ session: Session, isResumed: Bool) {
        let client = session.peer
        if let client {
            counters.sessionsTakenOver.add(1)
            // The will of a session that goes on is cancelled by its client's return.
            if !isResumed { publishWill(of: session) }
            session.setWill(nil)
            tellDisconnected(session.identity, code: ClientEnd.takenOver.code, isOffline: false)
            session.detach()
            client.finish(.takenOver)
        } else {
            // [MQTT-3.1.3-9]
            // A delayed will is cancelled even by a clean start, as in the original.
            session.setWill(nil)
            tellDisconnected(session.identity, code: ClientEnd.takenOver.code, isOffline: false)
        }
        session.deadlines = SessionDeadlines()
        deadlines.set(session.handle, at: 0)
        if !isResumed { forget(session) }
    }

    private func makeSession(_ request: ConnectRequest) -> Session {
        let session = Session(
            worker: self,
            handle: sessions.reserve(),
            identity: request.identity,
            expiryInterval: 0
        )
        sessions.insert(session)
        counters.sessionsCreated.add(1)
        return session
    }

    private func adopt(_ client: Client, _ session: Session, _ request: ConnectRequest) {
        let packet = request.packet
        session.attach(client, request.identity, expiryInterval: request.expiryInterval)
        client.session = session
        client.entryNumber = entryCount
        entryCount += 1
        session.noteSubscriptionCount()
        // [MQTT-3.1.2-7] [MQTT311-3.1.2-8]
        session.setWill(
            packet.will.map { will in
                var mounted = will
                mounted.topic = client.listener.mountPoint + will.topic
                return mounted
            }
        )
        session.password = hooks == nil ? nil : packet.password
        logWill(session, client)
    }

    /// Writes CONNACK, starts the keep alive clock and counts the client as inside.
    private func admit(
        _ client: Client,
        _ session: Session,
        _ request: ConnectRequest,
        _ connack: [UInt8]
    ) {
        guard let connection = client.connection else { return }
        let keepAlive = keepAliveSeconds(request.packet)
        client.timeoutSeconds = Int64(keepAlive * 3 / 2)
        client.touch()
        connection.setDeadline(
            client.timeoutSeconds > 0 ? now + client.timeoutSeconds + 1 : nil
        )
        // [MQTT-3.1.4-5] [MQTT-3.2.0-1] [MQTT-3.2.0-2] [MQTT311-3.1.4-4] [MQTT311-3.2.0-1]
        client.writeConnack(connack, code: 0)
        session.isEstablished = true
        connection.promote()
        client.stage = .connected
        counters.connects.add(1)
        let outlet = Outlet(client, connection, OutletTerms(of: client, request.packet))
        session.open(outlet)
        if hooks != nil { broker.directory.set(session) }
        let identity = request.identity
        recheckDeliveries(of: session, to: outlet) { [self] in
            guard session.peer === client else { return }
            reporter?.noteEntered(session)
            session.pump()
            session.continueRetained()
            if events(on: client.listener).contains(.connect) {
                hooks?.connected(identity, by: index)
            }
        }
    }

    private func logWill(_ session: Session, _ client: Client) {
        guard settings.configuration.connectionMessages, log.isEnabled(.debug) else { return }
        guard let will = session.will else { return log.debug("No will message specified.") }
        let retain = will.isRetained ? 1 : 0
        log.debug(
            "Will message specified (\(will.payload.count) bytes) (r\(retain), q\(will.qos))."
        )
        log.debug("\t\(String(decoding: will.topic, as: UTF8.self))")
    }

    private func refuseForCapacity(_ client: Client) {
        let answer: ConnectError.Answer = client.isV5 ? .connackV5(.serverBusy) : .close
        client.refuseConnect(ConnectError(answer: answer, detail: "global_max_clients reached"))
    }

    /// A session that could not be recorded does not begin.
    private func refuseForFault(_ client: Client) {
        let answer: ConnectError.Answer =
            client.isV5 ? .connackV5(.serverUnavailable) : .connackV3(.serverUnavailable)
        client.refuseConnect(ConnectError(answer: answer, detail: "session log cannot be written"))
    }

    /// `max_keepalive`: 3.x clients that ask for more, or for none, are refused.
    private func keepAliveRefusal(_ packet: ConnectPacket) -> ConnectError? {
        guard packet.version != .v5, exceedsKeepAlive(packet) else { return nil }
        return ConnectError(
            answer: .connackV3(.identifierRejected),
            detail: "keep alive above max_keepalive"
        )
    }

    private func exceedsKeepAlive(_ packet: ConnectPacket) -> Bool {
        let limit = settings.configuration.maxKeepalive
        return limit > 0 && (packet.keepAlive == 0 || Int(packet.keepAlive) > limit)
    }

    /// The keep alive interval in force, in seconds.
    /// [MQTT-3.2.2-22]
    private func keepAliveSeconds(_ packet: ConnectPacket) -> Int {
        packet.version == .v5 && exceedsKeepAlive(packet)
            ? settings.configuration.maxKeepalive : Int(packet.keepAlive)
    }

    /// The CONNACK that lets a client in.
    /// [MQTT-3.1.2-28] [MQTT-3.2.2-9] [MQTT-3.2.2-16] [MQTT-3.2.2-19] [MQTT-3.2.2-20]
    /// [MQTT-4.12.0-5] [MQTT-4.12.0-6]
    private func connack(
        for client: Client,
        _ request: ConnectRequest,
        isSessionPresent: Bool
    ) -> [UInt8] {
        // The configuration is asked where it stands: a copy counts references of all its parts.
        let settings = settings
        let packet = request.packet
        // [MQTT-3.2.2-2] [MQTT-3.2.2-3] [MQTT311-3.2.2-1] [MQTT311-3.2.2-2] [MQTT311-3.2.2-3]
        var connack = ConnackPacket(reasonCode: .success, isSessionPresent: isSessionPresent)
        if client.isV5 {
            // Who is told nothing counts on what it asked for (5.0 section 3.2.2.3.2).
            let lifetime = settings.configuration.lifetime(expiryInterval: request.expiryInterval)
            if lifetime != request.expiryInterval { connack.sessionExpiryInterval = lifetime }
            if exceedsKeepAlive(packet) {
                connack.serverKeepAlive = UInt16(clamping: settings.configuration.maxKeepalive)
            }
            let listener = client.listener.configuration
            connack.topicAliasMaximum = UInt16(clamping: listener.maxTopicAlias)
            connack.assignedClientIdentifier = request.assignedIdentifier
            connack.authenticationMethod = packet.authenticationMethod
            connack.authenticationData = request.authenticationData
            connack.isRetainAvailable = settings.configuration.retainAvailable
            connack.maximumPacketSize = UInt32(clamping: settings.configuration.maxPacketSize)
            if settings.configuration.maxInflightMessages > 0 {
                connack.receiveMaximum = UInt16(
                    clamping: settings.configuration.maxInflightMessages
                )
            }
            connack.maximumQoS = UInt8(clamping: listener.maxQoS)
            if let name = settings.configuration.bridgeLoopProtection,
                BridgeLoopMark.name(in: packet.userProperties) != nil
            {
                connack.otherProperties = BridgeLoopMark.property(naming: Array(name.utf8))
            }
        }
        var bytes: [UInt8] = []
        bytes.appendConnack(connack, version: client.version)
        return bytes
    }

    /// Logs `New client connected from A:P as ID (pN, cN, kN, u'U').`, and with TLS what was negotiated.
    private func logConnect(_ identity: ClientIdentity) {
        guard settings.configuration.connectionMessages, log.isEnabled(.notice) else { return }
        let kind = identity.isBridge ? "bridge" : "client"
        let address = "\(identity.peer.host):\(identity.peer.port)"
        let clean = identity.isCleanStart ? 1 : 0
        let user = identity.userName.map { ", u'\($0)'" } ?? ""
        let details =
            "p\(identity.version.rawValue), c\(clean), k\(identity.keepAliveSeconds)\(user)"
        log.notice(
            "New \(kind) connected from \(address) as \(identity.clientIdentifier) (\(details)).",
            identity.logFields(.clientConnected)
        )
        if let version = identity.security?.version, let cipher = identity.security?.cipher {
            log.notice(
                "Client \(identity.clientIdentifier) negotiated \(version) cipher \(cipher)",
                identity.logFields()
            )
        }
    }

}
