// SPDX-License-Identifier: Apache-2.0
// BASIC_AUTH: is this user name and password right?

import CMosquitto
import Core
import Glibc
import Log

/// The way of one CONNECT through the chain of those who are asked about it.
struct BasicAuthentication: Sendable {
    let identity: ClientIdentity
    let password: [UInt8]?
    /// Who is still to be asked.
    var rest: ArraySlice<Callback>
    private var hasDeferred = false
    private var isFileContent = false

    init(_ identity: ClientIdentity, password: [UInt8]?, _ chain: CallbackChain) {
        self.identity = identity
        self.password = password
        rest = chain.all[...]
    }

    /// How far it came.
    enum Step {
        /// What the chain ended with; the plugin that decided, if one did.
        case decided(Int32, LoadedPlugin?)
        /// A plugin answers later.
        case delayed(LoadedPlugin)
    }

    /// Asks until somebody decides.
    ///
    /// A built-in file that accepts leaves the last word to the others.
    mutating func advance(_ watch: Stopwatch) -> Step {
        let record = ClientRecord.of(identity)
        let secret = Secret(password)
        while let callback = rest.popFirst() {
            var data = mosquitto_evt_basic_auth()
            data.client = record.handle
            data.username = record.userName
            data.password = secret.text
            let code = callback.call(&data, watch)
            switch code {
            case MOSQ_ERR_PLUGIN_IGNORE.rawValue: continue
            case MOSQ_ERR_PLUGIN_DEFER.rawValue: hasDeferred = true
            case MOSQ_ERR_AUTH_DELAYED.rawValue: return .delayed(callback.plugin)
            case 0 where callback.plugin.isBuiltIn: isFileContent = true
            default: return .decided(code, callback.plugin)
            }
        }
        if isFileContent { return .decided(0, nil) }
        let code = hasDeferred ? MOSQ_ERR_PLUGIN_DEFER : MOSQ_ERR_PLUGIN_IGNORE
        return .decided(code.rawValue, nil)
    }

    /// A built-in file has accepted after all.
    mutating func acceptByFile() { isFileContent = true }
}

/// A password as a C string that is wiped when it is not needed any more.
private struct Secret: ~Copyable {
    let text: UnsafeMutablePointer<CChar>?
    private let count: Int

    init(_ bytes: [UInt8]?) {
        guard let bytes else {
            text = nil
            count = 0
            return
        }
        let place = UnsafeMutableRawPointer.allocate(byteCount: bytes.count + 1, alignment: 1)
        place.copyMemory(from: bytes, byteCount: bytes.count)
        place.storeBytes(of: 0, toByteOffset: bytes.count, as: UInt8.self)
        text = place.bindMemory(to: CChar.self, capacity: bytes.count + 1)
        count = bytes.count
    }

    deinit {
        guard let text else { return }
        explicit_bzero(text, count)
        text.deallocate()
    }
}

extension PluginHost {
    /// Answers a CONNECT without authentication method, or lets it wait for a plugin.
    func authenticate(
        _ identity: ClientIdentity,
        password: [UInt8]?,
        _ turn: DelayedAnswers.Turn,
        _ scope: CallbackSnapshot.Scope
    ) -> HookAnswer? {
        let name = identity.clientIdentifier
        switch delayed.begin(name, .basic, turn) {
        case .begun: break
        case .waits: return nil
        case .refused:
            logSecond(identity)
            return .authentication(code: MOSQ_ERR_UNKNOWN.rawValue)
        }
        ClientRecord.of(identity).beginAuthentication()
        let authentication = BasicAuthentication(
            identity,
            password: password,
            scope[.basicAuth]
        )
        return proceed(authentication, turn.asker, isConnect: turn.isConnect, begunAs: name)
    }

    /// Goes on with the chain.
    func proceed(
        _ authentication: BasicAuthentication,
        _ asker: Asker,
        isConnect: Bool,
        begunAs name: String
    ) -> HookAnswer? {
        var authentication = authentication
        while true {
            switch authentication.advance(watch) {
            case .decided(let code, let plugin):
                delayed.end(name)
                return conclude(authentication.identity, code: code, by: plugin)
            case .delayed(let plugin):
                let waiting = DelayedAnswers.Waiting(
                    asker: asker,
                    identity: authentication.identity,
                    kind: .basic,
                    isConnect: isConnect,
                    pluginName: plugin.displayName,
                    rest: plugin.isBuiltIn ? authentication : nil
                )
                switch delayed.suspend(waiting, begunAs: name) {
                case .waits(let isFirst):
                    if isFirst { lane.wake() }
                    return nil
                case .decided(let result):
                    if waiting.goesOn(after: result) {
                        authentication.acceptByFile()
                        continue
                    }
                    let code = Self.delayedCode(result.code)
                    return conclude(authentication.identity, code: code, by: plugin)
                }
            }
        }
    }

    private func conclude(
        _ identity: ClientIdentity,
        code: Int32,
        by plugin: LoadedPlugin?
    ) -> HookAnswer {
        ClientRecord.of(identity).endAuthentication()
        if let plugin, code != 0 { logRefusal(identity, code, plugin.displayName) }
        return .authentication(code: code)
    }

    private func logRefusal(_ identity: ClientIdentity, _ code: Int32, _ pluginName: String) {
        log.debug("Plugin \(pluginName) refused \(identity.logName) (\(code)).")
    }

    /// One CONNECT at a time per client identifier.
    func logSecond(_ identity: ClientIdentity) {
        log.notice("Client \(identity.logName) refused: it is already being authenticated.")
    }

    /// `mosquitto_complete_basic_auth`.
    func completeBasic(_ identifier: String, code: Int32) {
        let result = DelayedAnswers.Result(code: code)
        guard case .resolved(let waiting) = delayed.complete(identifier, .basic, result) else {
            return
        }
        if waiting.goesOn(after: result), var rest = waiting.rest {
            rest.acceptByFile()
            let next = rest
            return lane.enqueue(
                .job { [self] in
                    let answer = proceed(
                        next,
                        waiting.asker,
                        isConnect: waiting.isConnect,
                        begunAs: identifier
                    )
                    guard let answer else { return }
                    broker.answer([(waiting.asker, answer)], worker: waiting.asker.worker)
                }
            )
        }
        ClientRecord.of(waiting.identity).endAuthentication()
        if code != 0 { logRefusal(waiting.identity, code, waiting.pluginName) }
        let answer = HookAnswer.authentication(code: Self.delayedCode(code))
        broker.answer([(waiting.asker, answer)], worker: waiting.asker.worker)
    }

    /// A late answer says yes or no: whatever is not success refuses with `MOSQ_ERR_AUTH`, as in the
    /// original.
    private static func delayedCode(_ code: Int32) -> Int32 {
        code == 0 ? 0 : MOSQ_ERR_AUTH.rawValue
    }

    /// Refuses everybody whose plugin did not answer in time.
    func expireDelayed() {
        for waiting in delayed.expire(now: MonotonicTime.milliseconds()) {
            ClientRecord.of(waiting.identity).endAuthentication()
            log.notice(
                "Plugin \(waiting.pluginName) did not decide about"
                    + " \(waiting.identity.logName) in time: refused."
            )
            let code = MOSQ_ERR_AUTH.rawValue
            let answer: HookAnswer =
                waiting.kind == .basic
                ? .authentication(code: code) : .exchange(code: code, data: nil)
            broker.answer([(waiting.asker, answer)], worker: waiting.asker.worker)
        }
    }
}
