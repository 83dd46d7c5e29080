// SPDX-License-Identifier: Apache-2.0
// Basic and enhanced authentication: who may come in.

import Config
import Log
import MQTT
import Net
import Results

/// A CONNECT whose client is being authenticated.
final class PendingConnect {
    let packet: ConnectPacket
    let isAssigned: Bool
    /// The settings in force when plugins were asked.
    fileprivate(set) var settings: Settings?
    /// The client's place among the logins of its address, until it is decided about.
    fileprivate var place: PendingLogins.Place?

    init(_ packet: ConnectPacket, isAssigned: Bool) {
        self.packet = packet
        self.isAssigned = isAssigned
    }
}

extension Client {
    /// Finds out whether the client of a CONNECT may come in, and goes on.
    func authenticate(_ connect: PendingConnect, _ identity: ClientIdentity) {
        loginDueAt = worker.now + Int64(worker.settings.configuration.authTimeout)
        beginLogin(connect.packet, identity)
        let events = worker.events(on: listener)
        // Each client that comes and goes leaves work for plugins behind.
        let isBehind = worker.hooks?.isBehind ?? false
        let question: HookQuestion
        if let method = connect.packet.authenticationMethod {
            guard events.contains(.extendedAuthentication) else {
                // [MQTT-4.12.0-1]
                return refuse(
                    v3: .notAuthorized,
                    v5: .badAuthenticationMethod,
                    "authentication method unknown"
                )
            }
            let data = connect.packet.authenticationData
            question = .beginExchange(identity, method: method, data: data, isAgain: false)
        } else if identity.proof == .transport {
            pendingConnect = connect
            guard events.contains(.confirmation) || isBehind else {
                return enter(authenticationData: nil)
            }
            question = .confirm(identity)
        } else if events.contains(.basicAuthentication) || isBehind {
            let password = identity.proof == .none ? connect.packet.password : nil
            question = .authenticate(identity, password: password)
        } else {
            pendingConnect = connect
            return admitOrRefuse(listener.allowsAnonymous, nil)
        }
        let limit = worker.settings.configuration.maxPendingLogins
        switch worker.broker.pendingLogins.enter(from: identity.peer, limit: limit) {
        case .full:
            noteLoginEnd(.busy)
            refuse(
                v3: .serverUnavailable,
                v5: .serverBusy,
                "too many logins of its address are under way"
            )
        case .entered(let place):
            connect.place = place
            connect.settings = worker.settings
            pendingConnect = connect
            ask(question)
        }
    }

    /// Asks and goes on with the answer; no packet is handled in between.
    private func ask(_ question: HookQuestion) {
        assert(openQuestion == nil, "one question at a time")
        stage = stage == .connected ? .connected : .authenticating
        let questionID = worker.ask(question) { [self] answer in
            guard stage != .ended else { return }
            openQuestion = nil
            take(answer)
        }
        guard let questionID else { return }
        openQuestion = questionID
        connection?.pauseReading(noticesHangUp: stage == .authenticating)
        if stage == .authenticating { connection?.setDeadline(loginDueAt + 1) }
    }

    private func take(_ answer: HookAnswer) {
        switch answer {
        case .authentication(let code, let denial): concludeBasic(code, denial)
        case .exchange(let code, let data, let denial):
            if stage == .connected {
                concludeAgain(code, data)
            } else {
                concludeExchange(code, data, denial)
            }
        default: return
        }
        if stage == .connected || stage == .exchanging { connection?.resumeReading() }
    }

    private func concludeBasic(_ code: Int32, _ denial: Denial?) {
        guard let identity, let connect = pendingConnect else { return }
        if code == ResultCode.success, connect.settings !== worker.settings {
            // The answer may come from files that a reload has replaced meanwhile.
            connect.settings = worker.settings
            return ask(
                identity.proof == .transport
                    ? .confirm(identity)
                    : .authenticate(
                        identity,
                        password: identity.proof == .none ? connect.packet.password : nil
                    )
            )
        }
        switch code {
        case ResultCode.success: admitOrRefuse(true, nil)
        case ResultCode.pluginIgnore: admitOrRefuse(listener.allowsAnonymous, denial)
        case ResultCode.pluginDefer:
            admitOrRefuse(identity.userName == nil && listener.allowsAnonymous, denial)
        case ResultCode.notAuthorized: admitOrRefuse(false, denial)
        default:
            guard let reason = ReasonCode(ofRefusal: code) else {
                noteLoginEnd(.refused)
                return finish(.refused("authentication failed", code: ResultCode.unknown))
            }
            refuseByPlugin(reason, code: code, denial)
        }
    }

    private func refuseByPlugin(
        _ reason: ReasonCode,
        code: Int32,
        _ denial: Denial?
    ) {
        logDenied(denial)
        // Who cannot be asked now may be asked later.
        let isLater = code == ResultCode.serverUnavailable && denial?.isForAbsence == true
        refuseConnect(
            ConnectError(
                answer: isV5
                    ? .connackV5(reason)
                    : .connackV3(isLater ? .serverUnavailable : .notAuthorized),
                detail: "refused by a plugin"
            ),
            code: code
        )
    }

    /// Lets the client in, or refuses it: because of `denial`, or because nobody vouches for it.
    private func admitOrRefuse(_ isAllowed: Bool, _ denial: Denial?) {
        guard isAllowed else {
            let reason = denial ?? (identity?.userName == nil ? .anonymous : .stranger)
            return refuse(v3: .notAuthorized, v5: .notAuthorized, "not authorised", reason)
        }
        enter(authenticationData: nil)
    }

    /// The line about the end of the connection names neither the user nor the reason.
    private func logDenied(_ denial: Denial?) {
        noteLoginEnd(.refused)
        guard worker.settings.configuration.connectionMessages, log.isEnabled(.notice),
            let identity
        else { return }
        let reason = denial.map { " \($0.sentence)" } ?? ""
        log.notice(
            "Denied CONNECT from \(identity.logNameAndUser).\(reason)",
            identity.logFields(.connectDenied, denial)
        )
    }

    /// Refuses a client with `detail` as the reason, unless a plugin has given one.
    private func refuse(
        v3: ConnectReturnCode,
        v5: ReasonCode,
        _ detail: StaticString,
        _ denial: Denial? = nil,
        authenticationData: [UInt8]? = nil
    ) {
        logDenied(denial ?? Denial("\(detail)"))
        refuseConnect(
            ConnectError(answer: isV5 ? .connackV5(v5) : .connackV3(v3), detail: detail),
            authenticationData: authenticationData
        )
    }

    private func enter(authenticationData: [UInt8]?) {
        guard let identity, let connect = pendingConnect else { return }
        pendingConnect = nil
        noteLoginEnd(.accepted)
        enter(
            ConnectRequest(
                packet: connect.packet,
                identity: identity,
                assignedIdentifier: connect.isAssigned ? identity.clientIdentifier : nil,
                authenticationData: authenticationData,
                settings: worker.settings
            )
        )
    }

    // MARK: Enhanced authentication

    private func concludeExchange(_ code: Int32, _ data: [UInt8]?, _ denial: Denial?) {
        switch code {
        case ResultCode.success: enter(authenticationData: data)
        case ResultCode.authContinue:
            stage = .exchanging
            writeAuth(.continueAuthentication, data)
        case ResultCode.notAuthorized:
            // What the method has to say about the failure, such as the error of SCRAM.
            refuse(
                v3: .notAuthorized,
                v5: .notAuthorized,
                "not authorised",
                denial,
                authenticationData: data
            )
        case ResultCode.notSupported, ResultCode.pluginIgnore, ResultCode.pluginDefer:
            refuse(
                v3: .notAuthorized,
                v5: .badAuthenticationMethod,
                "authentication method unknown"
            )
        default:
            // [MQTT-4.12.0-4]
            // CONNACK with a reason ends every exchange that does not succeed.
            refuseByPlugin(
                ReasonCode(ofRefusal: code) ?? .unspecifiedError,
                code: ResultCode.unknown,
                denial
            )
        }
    }

    // [MQTT-4.12.1-2]
    private func concludeAgain(_ code: Int32, _ data: [UInt8]?) {
        switch code {
        case ResultCode.success:
            isReauthenticating = false
            writeAuth(.success, data)
        case ResultCode.authContinue: writeAuth(.continueAuthentication, data)
        case ResultCode.notAuthorized: end(.notAuthorized)
        case ResultCode.notSupported, ResultCode.pluginIgnore, ResultCode.pluginDefer:
            end(.badAuthenticationMethod)
        default: finish(ClientEnd(text: "authentication failed", code: code))
        }
    }

    private func end(_ reason: ReasonCode) {
        finish(
            ClientEnd(
                text: "not authorised",
                disconnectReason: reason,
                code: ResultCode.protocolError
            )
        )
    }

    // [MQTT-3.15.2-1] [MQTT-3.15.2-2] [MQTT-3.15.2-3] [MQTT-4.12.0-2] [MQTT-4.12.0-5]
    private func writeAuth(_ reason: ReasonCode, _ data: [UInt8]?) {
        var packet: [UInt8] = []
        packet.appendAuth(reason, method: identity?.authenticationMethod ?? "", data: data)
        write(packet, .auth)
    }

    /// AUTH from the client: a step of the exchange under way, or a new one [MQTT-4.12.1-1].
    func handleAuth(_ body: RawSpan) throws(PacketError) {
        guard let identity, let method = identity.authenticationMethod else {
            throw .protocolError(version, "AUTH without authentication method in CONNECT")
        }
        let packet = try AuthPacket(decoding: body)
        guard packet.authenticationMethod == method else {
            throw .protocolError(version, "authentication method differs from CONNECT")
        }
        let data = packet.authenticationData
        if packet.reasonCode == .reauthenticate {
            guard stage == .connected else {
                throw .protocolError(version, "re-authentication before CONNACK")
            }
            isReauthenticating = true
            return ask(.beginExchange(identity, method: method, data: data, isAgain: true))
        }
        guard stage == .exchanging || isReauthenticating else {
            throw .protocolError(version, "AUTH without exchange under way")
        }
        ask(.continueExchange(identity, method: method, data: data))
    }
}

extension ReasonCode {
    /// What a 5.0 client is told when a plugin refuses it with a result code that is a reason of
    /// CONNACK; nil for the others.
    init?(ofRefusal code: CInt) {
        switch code {
        case ResultCode.unspecified, ResultCode.implementationSpecific,
            ResultCode.clientIdentifierNotValid, ResultCode.badUserNameOrPassword,
            ResultCode.serverUnavailable, ResultCode.serverBusy, ResultCode.banned,
            ResultCode.badAuthenticationMethod, ResultCode.connectionRateExceeded:
            self.init(rawValue: UInt8(code))
        default: return nil
        }
    }
}
