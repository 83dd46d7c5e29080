// SPDX-License-Identifier: Apache-2.0
// CONNACK and AUTH (5.0 sections 3.2 and 3.15).

import Inflight
import MQTT

extension MQTTClientMachine {
    mutating func handleConnack(
        _ body: RawSpan,
        _ send: borrowing SendWindow,
        _ receive: borrowing ReceiveWindow,
        now: Int64
    ) throws(PacketError) -> ClientEvent {
        var connack = try ConnackPacket(
            decoding: body,
            version: version,
            ignoresRest: isLenient
        )
        guard connack.reasonCode == .success else {
            // [MQTT-3.2.2-6]
            guard !connack.isSessionPresent else {
                throw .protocolError(version, "session present in a refusal")
            }
            close(.refused)
            return .refused(connack)
        }
        // [MQTT-3.2.2-4]
        guard !connack.isSessionPresent || !isCleanStart else {
            throw .protocolError(version, "session present after a clean start")
        }
        guard connack.authenticationMethod == authenticationMethod else {
            throw .protocolError(version, "CONNACK with another authentication method")
        }
        // The original's clients, lenient as they are, keep the name they have.
        guard !isLenient || connack.assignedClientIdentifier == nil || limits.clientIdentifier == ""
        else { throw .protocolError(version, "client identifier that was not asked for") }
        // 3.1 does not say: a session that was not to be discarded is taken to be there.
        if version == .v31 { connack.isSessionPresent = !isCleanStart }
        limits.adopt(connack)
        // In the original the first byte of a packet does not count.
        if isLenient, connack.maximumPacketSize != nil { limits.maximumPacketSize += 1 }
        keepAlive = KeepAlive(seconds: limits.keepAlive, now: now)
        // The server's maximum; what the client wants to use of it is for `useAliases`.
        outgoingAliases = OutgoingAliases(maximum: Int(limits.topicAliasMaximum))
        beginSession(isPresent: connack.isSessionPresent, send, receive)
        enterConnected()
        return .connected(connack)
    }

    /// Puts the windows at the beginning of a connection.
    ///
    /// Messages that were under way when the server lost its session go out again as new ones: they
    /// are neither lost nor taken for what an earlier session had. A lenient client says of them that they
    /// were sent before, whoever knows about that.
    /// [MQTT-4.4.0-1] [MQTT-3.2.2-5]
    private mutating func beginSession(
        isPresent: Bool,
        _ send: borrowing SendWindow,
        _ receive: borrowing ReceiveWindow
    ) {
        // What has gone out before CONNACK is under way already.
        if !sendsEarly { send.resume() }
        sendsEarly = false
        firstNewPlace = isPresent || isLenient ? send.firstWaitingPlace : send.places.lowerBound
        if isPresent {
            receive.resume()
        } else {
            receive.removeAll()
        }
    }

    /// Uses no more aliases towards the server than this.
    package mutating func useAliases(atMost maximum: UInt16) {
        outgoingAliases = OutgoingAliases(maximum: Int(min(maximum, limits.topicAliasMaximum)))
    }

    // MARK: Authentication

    mutating func handleAuth(_ body: RawSpan) throws(PacketError) -> ClientEvent {
        let auth = try AuthPacket(decoding: body, receiver: .client)
        guard let method = authenticationMethod, stage == .connecting || isReauthenticating else {
            throw .protocolError(version, "AUTH without authentication under way")
        }
        // [MQTT-4.12.0-5]
        guard auth.authenticationMethod.map({ $0.hasSameBytes(as: method) }) ?? false else {
            throw .protocolError(version, "AUTH with another authentication method")
        }
        switch auth.reasonCode {
        case .continueAuthentication: return .challenged(auth.authenticationData)
        case .success where isReauthenticating:
            isReauthenticating = false
            return .reauthenticated(auth.authenticationData)
        default: throw .protocolError(version, "AUTH reason code not permitted")
        }
    }

    /// Answers a challenge; `properties` are further ones, encoded and without their length.
    /// [MQTT-4.12.0-3] [MQTT-4.12.0-5]
    package mutating func answer(
        _ data: [UInt8]?,
        properties: [UInt8] = [],
        now: Int64,
        output: inout [UInt8]
    ) {
        guard let method = authenticationMethod, stage == .connecting || isReauthenticating else {
            return
        }
        output.appendAuth(
            .continueAuthentication,
            method: method,
            data: data,
            properties: properties
        )
        keepAlive.noteSent(now)
    }

    /// Authenticates anew on the open connection; returns whether that is possible.
    ///
    /// The server answers with a challenge, success or DISCONNECT. [MQTT-4.12.1-1]
    package mutating func reauthenticate(
        _ data: [UInt8]?,
        now: Int64,
        output: inout [UInt8]
    ) -> Bool {
        guard let method = authenticationMethod, stage == .connected, !isReauthenticating else {
            return false
        }
        isReauthenticating = true
        output.appendAuth(.reauthenticate, method: method, data: data)
        keepAlive.noteSent(now)
        return true
    }
}
