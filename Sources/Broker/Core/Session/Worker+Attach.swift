// SPDX-License-Identifier: Apache-2.0
// A client meets its session: takeover, resume, CONNACK.

import Config
import Log
import MQTT
import Net
import Topics

extension Worker {
    /// Lets an authenticated client in after all that its earlier connection has sent.
    ///
    /// That connection may well have ended, after a last message or DISCONNECT, and this worker not
    /// have got to it. Never called while a connection is being read: catching up reads another.
    func attachInTurn(_ client: Client, _ request: ConnectRequest) {
        sessions[request.identity.clientIdentifier]?.client?.connection?.catchUp()
        attach(client, request)
    }

    /// Lets an authenticated client in (spec: protocol-choices.md sections 1, 9 and 14).
    func attach(_ client: Client, _ request: ConnectRequest) {
        let packet = request.packet
        let earlier = sessions[request.identity.clientIdentifier]
        let isResumed = earlier.map { !packet.isCleanStart && isKept($0) } ?? false
        if let earlier { retire(earlier, for: request, isResumed: isResumed) }
        if !isResumed {
            guard broker.census.addSession(limit: settings.configuration.globalMaxClients) else {
                return refuseForCapacity(client)
            }
        }
        logConnect(request.identity)
        let session = isResumed ? earlier ?? makeSession(request) : makeSession(request)
        adopt(client, session, request)
        session.password = hooks == nil ? nil : packet.password
        if let refusal = keepAliveRefusal(packet) {
            session.forfeit()
            return client.refuseConnect(refusal)
        }
        guard acknowledge(client, request, isSessionPresent: isResumed) else { return }
        client.stage = .connected
        if hooks != nil { broker.directory.set(session) }
        recheckDeliveries(of: session) { [self] in
            guard session.client === client else { return }
            session.pump()
            if events(on: client.listener).contains(.connect) { hooks?.connected(request.identity) }
        }
    }

    /// Whether a session waits for its client's return.
    private func isKept(_ session: Session) -> Bool { session.expiryInterval != 0 }

    /// The earlier connection of the same client identifier gives way [MQTT-3.1.4-3].
    private func retire(_ session: Session, for request: ConnectRequest, isResumed: Bool) {
        // A delayed will is cancelled even by a clean start, as in the original.
        let publishesWill =
            !isResumed && session.client != nil && session.will?.delayInterval == 0
        tellDisconnected(session.identity, code: ClientEnd.takenOver.code, isOffline: false)
        if let client = session.client {
            if publishesWill { publishWill(of: session) }
            session.will = nil
            session.client = nil
            client.finish(.takenOver)
        }
        session.will = nil
        session.willDueAt = 0
        session.expiresAt = 0
        if !isResumed { end(session) }
    }

    private func makeSession(_ request: ConnectRequest) -> Session {
        let session = Session(
            worker: self,
            handle: sessions.reserve(),
            identity: request.identity,
            expiryInterval: 0
        )
        sessions.insert(session)
        return session
    }

    private func adopt(_ client: Client, _ session: Session, _ request: ConnectRequest) {
        let packet = request.packet
        let configuration = settings.configuration
        session.identity = request.identity
        session.noteSubscriptionCount()
        session.client = client
        client.session = session
        if packet.version == .v5 {
            session.expiryInterval = packet.sessionExpiryInterval
        } else {
            session.expiryInterval = packet.isCleanStart ? 0 : UInt32.max
        }
        session.will = packet.will.map { will in
            var mounted = will
            mounted.topic = client.listener.mountPoint + will.topic
            return mounted
        }
        session.rewind()
        logWill(session, client)
        let window = packet.receiveMaximum.map(Int.init) ?? configuration.maxInflightMessages
        client.hasUnlimitedWindow = window == 0
        client.inFlightMax = window == 0 ? 0xFFFF : window
        if let size = packet.maximumPacketSize {
            client.packetSizeMax = min(Int(size), packetLengthMax)
        }
        let aliases = min(
            Int(packet.topicAliasMaximum),
            client.listener.configuration.maxTopicAliasBroker
        )
        if aliases > 0 { client.outgoingAliases = OutgoingAliases(maximum: aliases) }
        client.isPlain = aliases == 0 && client.listener.mountPoint.isEmpty
        session.setOutlet()
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

    /// `max_keepalive`: 3.x clients that ask for more, or for none, are refused.
    private func keepAliveRefusal(_ packet: ConnectPacket) -> ConnectError? {
        guard packet.version != .v5, exceedsKeepAlive(packet) else { return nil }
        return ConnectError(answer: .connackV3(2), detail: "keep alive above max_keepalive")
    }

    private func exceedsKeepAlive(_ packet: ConnectPacket) -> Bool {
        let limit = settings.configuration.maxKeepalive
        return limit > 0 && (packet.keepAlive == 0 || Int(packet.keepAlive) > limit)
    }

    /// Writes CONNACK, starts the keep alive clock and counts the client as inside.
    ///
    /// Returns false when CONNACK does not fit the client and the connection was closed instead.
    private func acknowledge(
        _ client: Client,
        _ request: ConnectRequest,
        isSessionPresent: Bool
    ) -> Bool {
        let configuration = settings.configuration
        let packet = request.packet
        var keepAlive = Int(packet.keepAlive)
        var connack = ConnackPacket(reasonCode: .success, isSessionPresent: isSessionPresent)
        if client.isV5 {
            if exceedsKeepAlive(packet) {
                keepAlive = configuration.maxKeepalive
                connack.serverKeepAlive = UInt16(clamping: keepAlive)
            }
            let listener = client.listener.configuration
            connack.topicAliasMaximum = UInt16(clamping: listener.maxTopicAlias)
            connack.assignedClientIdentifier = request.assignedIdentifier
            connack.authenticationMethod = packet.authenticationMethod
            connack.authenticationData = request.authenticationData
            connack.isRetainAvailable = configuration.retainAvailable
            connack.maximumPacketSize = UInt32(clamping: configuration.maxPacketSize)
            if configuration.maxInflightMessages > 0 {
                connack.receiveMaximum = UInt16(clamping: configuration.maxInflightMessages)
            }
            connack.maximumQoS = UInt8(clamping: listener.maxQoS)
        }
        var bytes: [UInt8] = []
        bytes.appendConnack(connack, version: client.version)
        guard bytes.count <= client.packetSizeMax else {
            client.finish(.refused("oversize packet", code: 25))
            return false
        }
        client.timeoutSeconds = Int64(keepAlive * 3 / 2)
        client.touch()
        client.connection?.setDeadline(
            client.timeoutSeconds > 0 ? now + client.timeoutSeconds + 1 : nil
        )
        client.writeConnack(bytes, code: 0)
        client.connection?.admit()
        return true
    }

    /// `New client connected from A:P as ID (pN, cN, kN, u'U').`
    /// .
    private func logConnect(_ identity: ClientIdentity) {
        guard settings.configuration.connectionMessages, log.isEnabled(.notice) else { return }
        let kind = identity.isBridge ? "bridge" : "client"
        let address = "\(identity.peer.host):\(identity.peer.port)"
        let clean = identity.isCleanStart ? 1 : 0
        let user = identity.userName.map { ", u'\($0)'" } ?? ""
        let details =
            "p\(identity.version.rawValue), c\(clean), k\(identity.keepAliveSeconds)\(user)"
        log.notice(
            "New \(kind) connected from \(address) as \(identity.clientIdentifier) (\(details))."
        )
        if let version = identity.security?.version, let cipher = identity.security?.cipher {
            log.notice("Client \(identity.clientIdentifier) negotiated \(version) cipher \(cipher)")
        }
    }

}
