// SPDX-License-Identifier: Apache-2.0
// BASIC_AUTH: is this user name and password right?

import CMosquitto
import Core
import Glibc
import Isolation
import Log
import Net
import Results

/// The way of one login through the chain of those who are asked about it.
struct BasicAuthentication: Sendable {
    let identity: ClientIdentity
    let password: [UInt8]?
    let questionID: QuestionID
    let ticket: DelayedAnswers.Ticket
    /// Who is still to be asked.
    private(set) var rest: ArraySlice<Callback>
    private var hasDeferred = false
    private var isFileContent = false
    /// Why the last one that was asked and did not accept did not; nil while all have or have taken no
    /// part.
    private(set) var denial: Denial?

    init(
        _ identity: ClientIdentity,
        password: [UInt8]?,
        _ questionID: QuestionID,
        _ ticket: DelayedAnswers.Ticket,
        _ chain: CallbackChain
    ) {
        self.identity = identity
        self.password = password
        self.questionID = questionID
        self.ticket = ticket
        rest = chain.all[...]
    }

    /// Who is asked next; nil when all have been.
    var next: Callback? { rest.first }

    /// The next one is being asked.
    mutating func takeNext() -> Callback {
        guard let callback = rest.popFirst() else {
            preconditionFailure("there is somebody to be asked")
        }
        return callback
    }

    /// Asks the next one.
    mutating func askNext(_ watch: Stopwatch) -> CInt {
        let callback = takeNext()
        let record = ClientRecord.of(identity)
        record.setTicket(ticket)
        defer { record.setTicket(0) }
        return Self.call(callback, record, password, watch)
    }

    /// Asks one plugin.
    static func call(
        _ callback: Callback,
        _ record: ClientRecord,
        _ password: [UInt8]?,
        _ watch: Stopwatch
    ) -> CInt {
        let secret = Secret(password)
        var data = mosquitto_evt_basic_auth()
        data.client = record.handle
        let name = record.userName
        data.username = name
        data.password = secret.text
        let code = callback.call(&data, watch)
        record.adoptUserName(writtenInto: name)
        return code
    }

    /// Takes an answer and what the plugin has said about it; false when it decides.
    ///
    /// A built-in file that accepts leaves the last word to the others.
    mutating func goesOn(after code: CInt, of plugin: LoadedPlugin, _ reason: String?) -> Bool {
        if code != ResultCode.success, code != ResultCode.pluginIgnore || reason != nil {
            denial = Denial(plugin: plugin.displayName, reason: reason, code: code)
        }
        switch code {
        case ResultCode.pluginIgnore: return true
        case ResultCode.pluginDefer: hasDeferred = true
        case ResultCode.success where plugin.isBuiltIn: isFileContent = true
        default: return false
        }
        return true
    }

    /// What the login ends with when nobody has decided.
    var outcome: CInt {
        if isFileContent { return ResultCode.success }
        return hasDeferred ? ResultCode.pluginDefer : ResultCode.pluginIgnore
    }
}

/// A password as a C string that is wiped when it is not needed any more.
///
/// One that is empty as a C string is none: plugins that refuse a missing password look for NULL, and
/// would else ask their back end with an empty one, which there may mean an anonymous login.
private struct Secret: ~Copyable {
    let text: UnsafeMutablePointer<CChar>?
    private let count: Int

    init(_ bytes: [UInt8]?) {
        guard let bytes, let first = bytes.first, first != 0 else {
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
    /// Answers a login without authentication method, or lets it wait for a plugin.
    func authenticate(
        _ identity: ClientIdentity,
        password: [UInt8]?,
        _ questionID: QuestionID,
        _ scope: CallbackSnapshot.Scope,
        at place: CallingPlace
    ) -> HookAnswer? {
        let ticket = delayed.begin(.basic, questionID)
        ClientRecord.of(identity).beginAuthentication()
        return proceed(
            BasicAuthentication(
                identity,
                password: password,
                questionID,
                ticket,
                scope[.basicAuth]
            ),
            at: place
        )
    }

    /// Goes on with the chain of callbacks; nil while a plugin has yet to answer, or when the client has
    /// left.
    func proceed(_ authentication: BasicAuthentication, at place: CallingPlace) -> HookAnswer? {
        var login = authentication
        let (identity, ticket) = (login.identity, login.ticket)
        while let callback = login.next {
            guard delayed.isAwaited(ticket) else { return leave(login) }
            let plugin = callback.plugin
            let waiting = login
            if plugin.isolated == nil, !place.allows(callback) {
                lane.enqueue(.job { [self] in proceedLater(waiting) })
                return nil
            }
            if !plugin.answersByTicket,
                !delayed.claim(
                    identity.clientIdentifier,
                    for: ticket,
                    from: PeerNetwork(identity.peer),
                    resume: { [self] in proceedLater(waiting) }
                )
            {
                return nil
            }
            if plugin.isolated != nil {
                _ = login.takeNext()
                guard let failure = askElsewhere(callback, login, at: place) else { return nil }
                let answer = take(failure, of: plugin, in: &login, at: place)
                guard case .undecided = answer else { return answer.value }
                continue
            }
            let code = login.askNext(watch)
            let reason = code == ResultCode.success ? nil : Refusals.takeReason(of: plugin)
            let answer = take(code, reason, hasTicket(login), of: plugin, in: &login, at: place)
            guard case .undecided = answer else { return answer.value }
        }
        return conclude(login, code: login.outcome, by: nil, at: place)
    }

    /// What an answer comes to.
    private enum Progress {
        case undecided
        case ended(HookAnswer?)

        var value: HookAnswer? { if case .ended(let answer) = self { answer } else { nil } }
    }

    private func askElsewhere(
        _ callback: Callback,
        _ login: BasicAuthentication,
        at place: CallingPlace
    ) -> Answer? {
        let question = PluginQuestion.login(
            login.identity,
            password: login.password,
            ticket: login.ticket
        )
        return ask(
            Asked(callback, question, .login(login)),
            ring: login.questionID.worker,
            at: place
        )
    }

    /// Goes on with a login whose plugin, in a process of its own, has answered.
    func proceed(
        _ login: BasicAuthentication,
        after answer: Answer,
        of plugin: LoadedPlugin,
        at place: CallingPlace
    ) -> HookAnswer? {
        var login = login
        let progress = take(answer, of: plugin, in: &login, at: place)
        guard case .undecided = progress else { return progress.value }
        return proceed(login, at: place)
    }

    private func take(
        _ answer: Answer,
        of plugin: LoadedPlugin,
        in login: inout BasicAuthentication,
        at place: CallingPlace
    ) -> Progress {
        take(answer.code, answer.reason, answer.hasTakenTicket, of: plugin, in: &login, at: place)
    }

    /// Takes what a plugin has answered.
    private func take(
        _ code: CInt,
        _ reason: String?,
        _ hasTicket: Bool,
        of plugin: LoadedPlugin,
        in login: inout BasicAuthentication,
        at place: CallingPlace
    ) -> Progress {
        var (code, reason) = (code, reason)
        if code == ResultCode.authDelayed {
            switch suspend(login, plugin, hasTicket: hasTicket) {
            case .waits(let isFirst):
                if isFirst { lane.wake() }
                return .ended(nil)
            case .left:
                // The plugin may yet answer; until then the identifier stays taken.
                ClientRecord.of(login.identity).endAuthentication()
                return .ended(nil)
            case .decided(let result):
                code = Self.lateCode(result.code, byTicket: plugin.answersByTicket)
                reason = result.reason
            }
        }
        guard !login.goesOn(after: code, of: plugin, reason) else { return .undecided }
        return .ended(conclude(login, code: code, by: plugin.displayName, at: place))
    }

    /// The same on the plugin thread; the answer is posted.
    private func proceedLater(_ login: BasicAuthentication) {
        guard let answer = proceed(login, at: .pluginThread) else { return }
        post(answer, to: login.questionID)
    }

    /// Whether the callback that has just run has asked for the ticket.
    private func hasTicket(_ login: BasicAuthentication) -> Bool {
        ClientRecord.of(login.identity).hasTaken(login.ticket)
    }

    private func suspend(
        _ login: BasicAuthentication,
        _ plugin: LoadedPlugin,
        hasTicket: Bool
    ) -> DelayedAnswers.Suspension {
        if hasTicket { plugin.noteTicket() }
        return delayed.suspend(
            DelayedAnswers.Waiting(login: .basic(login), plugin: plugin, hasTicket: hasTicket)
        )
    }

    /// Nobody waits any more.
    private func leave(_ login: BasicAuthentication) -> HookAnswer? {
        delayed.end(login.ticket)
        ClientRecord.of(login.identity).endAuthentication()
        return nil
    }

    private func conclude(
        _ login: BasicAuthentication,
        code: Int32,
        by pluginName: String?,
        at place: CallingPlace
    ) -> HookAnswer? {
        if code == ResultCode.success {
            let confirmers = confirmers(after: login)
            return confirm(Confirmation(login.identity, confirmers, .login(login)), at: place)
        }
        if let pluginName { logRefusal(login.identity, code, pluginName) }
        return finish(login, code: code, login.denial)
    }

    /// The login is decided.
    func finish(_ login: BasicAuthentication, code: Int32, _ denial: Denial?) -> HookAnswer {
        delayed.end(login.ticket)
        ClientRecord.of(login.identity).endAuthentication()
        return .authentication(code: code, denial: denial)
    }

    func logRefusal(_ identity: ClientIdentity, _ code: Int32, _ pluginName: String) {
        log.debug("Plugin \(pluginName) refused \(identity.logName) (\(code)).")
    }

    /// Those who may object to a login that others have accepted: they have not been asked yet.
    private func confirmers(after login: BasicAuthentication) -> [Callback] {
        guard !login.rest.isEmpty else { return [] }
        return registry.current.scope(login.identity.listenerIndex).confirmers.filter { confirmer in
            login.rest.contains { $0.number == confirmer.number }
        }
    }

    // MARK: Late answers

    /// `mosquitto_complete_basic_auth`.
    func completeBasic(_ identifier: String, code: Int32) {
        decide(identifier, DelayedAnswers.Result(code: code, reason: Refusals.takeReason()))
    }

    /// `mosquitto_complete_auth`.
    func complete(_ ticket: DelayedAnswers.Ticket, code: Int32, data: [UInt8]?) {
        let reason = Refusals.takeReason()
        decide(ticket, DelayedAnswers.Result(code: code, data: data, reason: reason))
    }

    /// A plugin has decided about a client identifier.
    func decide(_ identifier: String, _ result: DelayedAnswers.Result) {
        guard let waiting = delayed.complete(identifier, .basic, result) else { return }
        resolve(waiting, result)
    }

    /// A plugin has decided about a ticket.
    func decide(_ ticket: DelayedAnswers.Ticket, _ result: DelayedAnswers.Result) {
        guard let waiting = delayed.complete(ticket, result) else { return }
        resolve(waiting, result)
    }

    /// A plugin has decided about somebody who waits.
    private func resolve(_ waiting: DelayedAnswers.Waiting, _ result: DelayedAnswers.Result) {
        switch waiting.login {
        case .extended(let login): resolve(login, waiting.plugin, result)
        case .basic(var login):
            let code = Self.lateCode(result.code, byTicket: waiting.hasTicket)
            guard login.goesOn(after: code, of: waiting.plugin, result.reason) else {
                let name = waiting.plugin.displayName
                return postIfDecided(conclude(login, code: code, by: name, at: .elsewhere), login)
            }
            // Where nobody is left to be asked, a name that the plugin does not know is refused as soon
            // as a wrong password: the plugin thread may be busy.
            guard login.next != nil else {
                assert(confirmers(after: login).isEmpty, "all have been asked")
                let answer = conclude(login, code: login.outcome, by: nil, at: .elsewhere)
                return postIfDecided(answer, login)
            }
            let next = login
            lane.enqueue(.job { [self] in proceedLater(next) })
        }
    }

    private func postIfDecided(_ answer: HookAnswer?, _ login: BasicAuthentication) {
        if let answer { post(answer, to: login.questionID) }
    }

    func post(_ answer: HookAnswer, to questionID: QuestionID) {
        broker.answer([(questionID, answer)], worker: questionID.worker)
    }

    /// What a late answer counts as.
    ///
    /// One that names a client identifier says yes or no: whatever is not success refuses with
    /// `MOSQ_ERR_AUTH`, as in the original. By ticket it is what the callback would have said.
    private static func lateCode(_ code: Int32, byTicket: Bool) -> Int32 {
        guard byTicket, code != ResultCode.authDelayed else {
            return code == ResultCode.success ? ResultCode.success : ResultCode.notAuthorized
        }
        return code
    }

    /// Refuses everybody whose plugin did not answer in time.
    func expireDelayed() {
        for waiting in delayed.expire(now: MonotonicTime.milliseconds()) {
            log.notice(
                "Plugin \(waiting.plugin.displayName) did not decide about"
                    + " \(waiting.login.identity.logName) in time: refused."
            )
            let denial = Denial(
                plugin: waiting.plugin.displayName,
                reason: "no answer in time",
                code: ResultCode.authDelayed
            )
            refuse(waiting, ResultCode.notAuthorized, denial)
        }
    }

    /// Refuses somebody whose plugin will not decide any more.
    func refuse(_ waiting: DelayedAnswers.Waiting, _ code: CInt, _ denial: Denial) {
        ClientRecord.of(waiting.login.identity).endAuthentication()
        switch waiting.login {
        case .basic(let login):
            post(.authentication(code: code, denial: denial), to: login.questionID)
        case .extended(let login):
            post(.exchange(code: code, data: nil, denial: denial), to: login.questionID)
        }
    }
}
