// SPDX-License-Identifier: Apache-2.0
// The plugin: connects the engine to the broker's events.

import Glibc
import JSON
package import PluginSDK
import SafeFiles
import Synchronization

/// `mosquitto_dynamic_security`: clients, groups and roles administered over MQTT.
///
/// In a broker whose functions may be called from any thread, control messages and password hashing
/// run on threads of their own. In others everything runs inside the callbacks.
package final class DynamicSecurityPlugin: ThreadSafePlugin {
    /// The name brokers show.
    package static let name = "dynamic-security"
    /// Access depends on client, topic and kind of access, not on the message.
    package static let decidesAccessByTopic = true
    /// A client that is disabled does not come in by a certificate either.
    package static let confirmsLogins = true

    private static let requestTopic = "$CONTROL/dynamic-security/v1"
    private static let responseTopic = requestTopic + "/response"
    /// How many kicks are made name by name before all sessions are looked at instead.
    private static let singleKicksMax = 8
    /// How many messages or logins may wait for a thread.
    private static let waitingMax = 10_000

    /// Half the processors: hashing must not starve those who deliver messages.
    private static var hasherCount: Int { max(1, min(4, sysconf(Int32(_SC_NPROCESSORS_ONLN)) / 2)) }

    /// Nil when the plugin is not activated.
    private let engine: Engine?
    private let broker: Broker
    /// Control messages that have come and not been run.
    private let waiting = Mutex(RequestQueue())
    /// One thread, so that control messages are answered in their order.
    private let commands = WorkerPool(threads: 1, jobsMax: waitingMax)
    private let hashers = WorkerPool(threads: hasherCount, jobsMax: waitingMax)

    /// Whether the plugin is running in this process already.
    private static let isLoaded = Mutex(false)

    /// Reads the options and the state file and registers with the broker.
    package init(context: ThreadSafePluginContext) throws {
        let broker = context.broker
        self.broker = broker
        let settings = Settings(context.options.map { ($0.key, $0.value) }) { complaint in
            broker.log(
                .warning,
                "Warning: Dynamic security plugin: \(complaint); the default is used."
            )
        }
        guard let path = settings.configFile else {
            broker.log(
                .warning,
                "Warning: Dynamic security plugin has no plugin_opt_config_file defined. The plugin will not be activated."
            )
            engine = nil
            return
        }
        try DynamicSecurityPlugin.claim(broker)
        let pluginThread = pthread_self()
        let engine = Engine(
            path: path,
            settings: settings,
            surroundings: Surroundings(
                log: { level, text in
                    let level = PluginSDK.LogLevel(rawValue: level.rawValue) ?? .error
                    guard pthread_equal(pthread_self(), pluginThread) == 0 else {
                        return broker.log(level, text)
                    }
                    broker.perform { broker.log(level, text) }
                },
                sessions: { DynamicSecurityPlugin.sessions(of: $0, in: broker) }
            )
        )
        self.engine = engine
        do {
            // Nobody could come in: what is wrong has been logged.
            guard engine.refusal == nil else { throw ResultCode.invalid }
            try register(context)
        } catch {
            willUnload()
            throw error
        }
    }

    /// The names of all options.
    package static let optionNames: [String]? = Settings.names

    /// What is wrong with options and state file; the journal is not looked at.
    package static func findings(about options: PluginOptions) -> [OptionFinding] {
        var findings: [OptionFinding] = []
        let settings = Settings(options.map { ($0.key, $0.value) }) { complaint in
            let text = "Warning: Dynamic security plugin: \(complaint); the default is used."
            findings.append(OptionFinding(.success, option: nil, text: text))
        }
        guard let path = settings.configFile else {
            let text =
                "Warning: Dynamic security plugin has no plugin_opt_config_file defined. The plugin will not be activated."
            return findings + [OptionFinding(.success, option: nil, text: text)]
        }
        let content = StateFile.read(path)
        if let fault = StateFile.fault(of: content, at: path) {
            let text =
                "Error loading Dynamic security plugin config: \(fault.text) (\(fault.place))"
            findings.append(OptionFinding(option: "config_file", text: text))
        }
        guard case .missing = content else { return findings }
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        if access(folder, W_OK | X_OK) != 0 {
            let reason = FileError("create", path).explanation
            let text = "Error: Unable to write dynsec config: \(path): \(reason)."
            findings.append(OptionFinding(option: "config_file", text: text))
        }
        if let file = settings.passwordInitFile, access(file, R_OK) != 0 {
            let reason = FileError("open", file).explanation
            let text = "Error: Unable to read initial password file '\(file)': \(reason)."
            findings.append(OptionFinding(option: "password_init_file", text: text))
        }
        return findings
    }

    /// Makes sure there is one of us; two would answer the same control topic.
    private static func claim(_ broker: Broker) throws {
        let isFirst = isLoaded.withLock { isLoaded in
            defer { isLoaded = true }
            return !isLoaded
        }
        guard !isFirst else { return }
        broker.log(.error, "Error: Dynamic security plugin can currently only be loaded once.")
        broker.log(
            .error,
            "Note that this was previously incorrectly allowed but could cause problems."
        )
        throw ResultCode.alreadyExists
    }

    private func register(_ context: ThreadSafePluginContext) throws {
        try context.on(.control(DynamicSecurityPlugin.requestTopic)) { [unowned self] event in
            handleControl(&event)
        }
        try context.on(.basicAuth) { [unowned self] event in try handleLogin(&event) }
        try context.on(.accessCheck) { [unowned self] event in handleAccess(&event) }
        try context.on(.tick) { [unowned self] event in
            event.callAgain(afterMilliseconds: 50)
            kickWaiting()
            engine?.tick()
        }
        try broker.preparePerform()
    }

    /// Ends the background work; everything is in the state file afterwards.
    package func willUnload() {
        guard let engine else { return }
        commands.stop()
        hashers.stop()
        engine.close()
        DynamicSecurityPlugin.isLoaded.withLock { $0 = false }
    }

    // MARK: - Control messages

    private func handleControl(_ event: inout ControlEvent) -> ControlAnswer {
        guard let engine else { return .done }
        let requester = Requester(
            clientID: event.client.idBytes.copied,
            username: event.client.hasUsername ? event.client.usernameBytes.copied : nil,
            address: event.client.address.map { ByteString($0) }
        )
        let request = Request(message: event.payload.copied, requester: requester)
        let hasRoom = waiting.withLock {
            $0.add(request, countMax: DynamicSecurityPlugin.waitingMax)
        }
        guard broker.isCallableFromAnyThread else {
            answerWaiting(with: engine)
            return .done
        }
        if !hasRoom || !commands.submit({ [unowned self] in answerWaiting(with: engine) }) {
            broker.log(
                .error,
                "dynsec: Error: Too many control messages wait; one of \(requester.name) is dropped."
            )
        }
        return .done
    }

    /// Answers what has come; messages that come meanwhile are kept on the disk together.
    private func answerWaiting(with engine: Engine) {
        let responses = engine.control { body in
            guard let request = waiting.withLock({ $0.takeFirst() }) else { return false }
            request.message.bytes.withUnsafeBufferPointer { body($0, request.requester) }
            return true
        }
        for response in responses {
            do {
                try broker.publish(topic: DynamicSecurityPlugin.responseTopic, payload: response)
            } catch {
                broker.log(.error, "dynsec: Error: \(error)")
            }
        }
    }

    private static func sessions(
        of users: Set<ByteString>,
        in broker: Broker
    ) -> [ByteString: [Session]]? {
        var found: [ByteString: [Session]] = [:]
        do {
            try broker.forEachClient { client in
                guard client.hasUsername else { return true }
                let username = client.usernameBytes.copied
                guard users.contains(username) else { return true }
                found[username, default: []].append(
                    Session(
                        clientID: client.idBytes.copied,
                        address: client.address.map { ByteString($0) }
                    )
                )
                return true
            }
        } catch {
            // Brokers before 2.1 have no list of sessions, and the answer no member for them.
            return nil
        }
        return found
    }

    // MARK: - Logins

    private func handleLogin(_ event: inout BasicAuthEvent) throws -> BasicAuthAnswer {
        guard let engine, let username = event.usernameBytes else { return .pass }
        let password = event.password
        let step = event.client.idBytes.withUnsafeBufferPointer { clientID in
            username.withUnsafeBufferPointer { username in
                password.withOptionalBytes { password in
                    engine.beginLogin(username: username, password: password, clientID: clientID)
                }
            }
        }
        let hasPassword = password?.isEmpty == false
        let reason = { @Sendable (isVerified: Bool) -> LoginReason in
            isVerified ? .wrongPassword : engine.loginReason(of: username, hasPassword: hasPassword)
        }
        let answer = { @Sendable [broker] (decision: LoginDecision, isVerified: Bool) in
            if decision != .allow { broker.giveReason(reason(isVerified).rawValue) }
            return DynamicSecurityPlugin.answer(decision)
        }
        if case .decided(let decision) = step { return answer(decision, false) }
        let secret = ByteString(password ?? [])
        let decide = { @Sendable () -> BasicAuthAnswer in
            switch step {
            case .decided(let decision): answer(decision, false)
            case .verify(let client):
                answer(engine.finishLogin(of: client, password: secret), true)
            case .pretend(let decoy, let decision):
                answer(engine.finishPretence(decoy, password: secret, decision), false)
            }
        }
        guard broker.isCallableFromAnyThread, let later = try event.delayedAnswer(),
            later.canPass || !step.leavesItToOthers
        else { return decide() }
        let isQueued = hashers.submit(for: event.client.network) {
            if later.isAwaited { later.complete(decide()) }
        }
        return isQueued ? .delayed : .refuse(.serverBusy)
    }

    private static func answer(_ decision: LoginDecision) -> BasicAuthAnswer {
        switch decision {
        case .allow: .allow
        case .deny: .deny
        case .pass: .pass
        }
    }

    // MARK: - Access

    private func handleAccess(_ event: inout AccessCheckEvent) -> AccessAnswer {
        guard let engine, let access = Access(rawValue: event.access.rawValue) else { return .pass }
        let isAnonymous = !event.client.hasUsername
        let decision = event.topicBytes.withUnsafeBufferPointer { topic in
            event.client.idBytes.withUnsafeBufferPointer { clientID in
                event.client.usernameBytes.withUnsafeBufferPointer { username in
                    let subject = Subject(clientID: clientID, username: username)
                    let decision = engine.directory.check(
                        access,
                        to: topic,
                        by: subject,
                        isAnonymous: isAnonymous
                    )
                    if decision != .allow, broker.wantsReason(for: event.access) {
                        let directory = engine.directory
                        broker.giveReason(
                            directory.reason(
                                access,
                                to: topic,
                                by: subject,
                                isAnonymous: isAnonymous
                            )
                        )
                    }
                    return decision
                }
            }
        }
        switch decision {
        case .allow: return .allow
        case .deny: return .deny
        case .defer: return .pass
        }
    }

    // MARK: - Kicks

    /// Disconnects whoever lost or gained rights, after the answer has been queued.
    private func kickWaiting() {
        guard let engine else { return }
        let kicks = engine.takeKicks()
        if kicks.isForAnonymous { broker.kickAll(username: nil, withWill: false) }
        if kicks.usernames.count > DynamicSecurityPlugin.singleKicksMax,
            let found = DynamicSecurityPlugin.sessions(of: kicks.usernames, in: broker)
        {
            for session in found.values.joined() {
                broker.kick(clientID: session.clientID.text, withWill: false)
            }
            return
        }
        for username in kicks.usernames { broker.kickAll(username: username.text, withWill: false) }
    }
}

/// A control message and who sent it.
private struct Request: Sendable {
    let message: ByteString
    let requester: Requester
}

/// Control messages in the order in which they came.
private struct RequestQueue: Sendable {
    private var requests: [Request] = []
    private var head = 0

    /// Adds a message unless there are too many.
    mutating func add(_ request: Request, countMax: Int) -> Bool {
        guard requests.count - head < countMax else { return false }
        requests.append(request)
        return true
    }

    /// The oldest message; the array is compacted once half of it is used up.
    mutating func takeFirst() -> Request? {
        guard head < requests.count else { return nil }
        let request = requests[head]
        head += 1
        if head * 2 >= requests.count {
            requests.removeFirst(head)
            head = 0
        }
        return request
    }
}

extension LoginStep {
    /// Whether other plugins decide in the end.
    fileprivate var leavesItToOthers: Bool {
        if case .pretend(_, .pass) = self { true } else { false }
    }
}

extension [UInt8]? {
    /// Calls `body` with the bytes, or with nil.
    fileprivate func withOptionalBytes<Value>(_ body: (Bytes?) -> Value) -> Value {
        guard let self else { return body(nil) }
        return self.withUnsafeBufferPointer { body($0) }
    }
}

extension Span where Element == UInt8 {
    /// A copy that outlives the callback.
    fileprivate var copied: ByteString { withUnsafeBufferPointer { ByteString(copying: $0) } }
}

/// Tells the SDK which plugin this library holds. `[plugin thread]`
@c public func mosquitto_swift_plugin() -> UnsafeRawPointer { DynamicSecurityPlugin.entry }
