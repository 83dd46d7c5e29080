// SPDX-License-Identifier: Apache-2.0
// Who asks over HTTP, and whether that one may.

import Config
import Log
import MQTT
import Net
import Results

extension HTTPExchange {
    /// Finds out who asks, and whether that one may, and serves.
    func authenticate(_ request: HTTPRequest) {
        guard let peer = connection?.peer else { return }
        let (name, password) = request.credentials
        let identity = ClientIdentity(
            clientIdentifier: "http-api",
            userName: name,
            peer: peer,
            listener: listener,
            version: .v5,
            keepAliveSeconds: 0,
            isCleanStart: true,
            isBridge: false,
            authenticationMethod: nil
        )
        guard worker.events(on: listener).contains(.basicAuthentication) else {
            return admit(identity, request, isKnown: listener.allowsAnonymous, nil)
        }
        let limit = worker.settings.configuration.maxPendingLogins
        guard case .entered(let place) = worker.broker.pendingLogins.enter(from: peer, limit: limit)
        else {
            worker.counters.authentication(.busy, .http)
            return answer(.unavailable)
        }
        ask(.authenticate(identity, password: password)) { [self] answer in
            // Until here the login was under way.
            withExtendedLifetime(place) {}
            guard case .authentication(let code, let denial) = answer else { return }
            let isKnown =
                switch code {
                case ResultCode.success: true
                case ResultCode.pluginIgnore: listener.allowsAnonymous
                case ResultCode.pluginDefer: name == nil && listener.allowsAnonymous
                default: false
                }
            admit(identity, request, isKnown: isKnown, denial)
        }
    }

    private func admit(
        _ identity: ClientIdentity,
        _ request: HTTPRequest,
        isKnown: Bool,
        _ denial: Denial?
    ) {
        worker.counters.authentication(isKnown ? .accepted : .refused, .http)
        guard isKnown else {
            if worker.settings.configuration.connectionMessages {
                let reason = denial ?? (identity.userName == nil ? .anonymous : .stranger)
                logDenied(.connectDenied, identity, request.path, reason)
            }
            return answer(.notAuthorized)
        }
        checkAccess(identity, request.path) { [self] in serve(request, to: identity) }
    }

    /// One line with who, from where, and what: guesses of passwords are seen like those of clients.
    private func logDenied(
        _ kind: LogLineKind,
        _ identity: ClientIdentity,
        _ path: HTTPPath,
        _ denial: Denial?
    ) {
        guard worker.log.isEnabled(.notice) else { return }
        let name = String(path.name.prefix(Self.loggedCountMax))
        let reason = denial.map { " \($0.sentence)" } ?? ""
        worker.log.notice(
            "Denied HTTP request from \(identity.logNameAndUser) to '\(name)'.\(reason)",
            identity.logFields(kind, denial, topic: name)
        )
    }

    /// Characters of a path in a log line.
    private static let loggedCountMax = 200

    private func refuse(_ identity: ClientIdentity, _ path: HTTPPath) {
        logDenied(.accessDenied, identity, path, nil)
        answer(.notAuthorized)
    }

    /// The path must be readable as if it were a topic.
    func checkAccess(
        _ identity: ClientIdentity,
        _ path: HTTPPath,
        _ next: @escaping () -> Void
    ) {
        let topic = path.topic
        guard topic.count <= 65535 else { return refuse(identity, path) }
        let events = worker.events(on: listener)
        guard events.contains(.access) else { return next() }
        if events.contains(.accessIsDirect) {
            let code = worker.checkAccess(.read, identity, filter: topic, qos: 0)
            return code == ResultCode.success ? next() : refuse(identity, path)
        }
        let message = UnsafePublication.with(topic: topic, Message.make)
        let question = DeliveryQuestion(
            message: message,
            qos: 0,
            isRetained: false,
            checksAccess: true,
            isFiltered: false
        )
        ask(.deliver(identity, [question])) { [self] answer in
            if case .deliver(let decisions) = answer, case .allowed? = decisions.first {
                worker.counters.authorization(.read, isAllowed: true, by: .plugin)
                next()
            } else {
                worker.counters.authorization(.read, isAllowed: false, by: .plugin)
                refuse(identity, path)
            }
        }
    }

    private func ask(_ question: HookQuestion, _ next: @escaping (HookAnswer) -> Void) {
        openQuestion = worker.ask(question) { [self] answer in
            openQuestion = nil
            if connection != nil { next(answer) }
        }
    }
}
