// SPDX-License-Identifier: Apache-2.0
// EXT_AUTH_START and EXT_AUTH_CONTINUE: one step of enhanced authentication.

import CMosquitto
import Core
import Glibc
import Isolation
import Log
import Net
import Results

/// The way of one step of an exchange through the chain of those who are asked about it.
struct ExtendedAuthentication: Sendable {
    let identity: ClientIdentity
    let method: String
    let input: [UInt8]?
    /// Whether a client that is connected begins to authenticate once more.
    let isAgain: Bool
    let questionID: QuestionID
    let ticket: DelayedAnswers.Ticket
    /// Who is still to be asked.
    private var rest: ArraySlice<Callback>

    init(
        _ identity: ClientIdentity,
        method: String,
        input: [UInt8]?,
        isAgain: Bool,
        _ questionID: QuestionID,
        _ ticket: DelayedAnswers.Ticket,
        _ chain: CallbackChain
    ) {
        self.identity = identity
        self.method = method
        self.input = input
        self.isAgain = isAgain
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
    ///
    /// The data have a NUL byte behind them: plugins compare them as C strings.
    mutating func askNext(_ watch: Stopwatch) -> DelayedAnswers.Result {
        let callback = takeNext()
        return Self.call(
            callback,
            ClientRecord.of(identity),
            method: method,
            input,
            ticket,
            isAgain: isAgain,
            watch
        )
    }

    /// Asks one plugin.
    static func call(
        _ callback: Callback,
        _ record: ClientRecord,
        method: String,
        _ input: [UInt8]?,
        _ ticket: DelayedAnswers.Ticket,
        isAgain: Bool,
        _ watch: Stopwatch
    ) -> DelayedAnswers.Result {
        record.setTicket(ticket)
        record.setAuthenticatingAgain(isAgain)
        defer { record.setTicket(0) }
        return method.withCString { method in
            ((input ?? []) + [0]).withUnsafeBytes { bytes in
                var data = mosquitto_evt_extended_auth()
                data.client = record.handle
                data.data_in = bytes.count == 1 ? nil : bytes.baseAddress
                data.data_in_len = UInt16(clamping: bytes.count - 1)
                data.auth_method = method
                let code = callback.call(&data, watch)
                let reason =
                    code == ResultCode.success ? nil : Refusals.takeReason(of: callback.plugin)
                guard let output = data.data_out else {
                    return DelayedAnswers.Result(code: code, reason: reason)
                }
                defer { free(output) }
                let answer = UnsafeRawBufferPointer(start: output, count: Int(data.data_out_len))
                return DelayedAnswers.Result(code: code, data: Array(answer), reason: reason)
            }
        }
    }
}

extension PluginHost {
    /// Takes one step of an exchange, or lets it wait for a plugin.
    func exchange(
        _ event: PluginEvent,
        _ identity: ClientIdentity,
        method: String,
        data input: [UInt8]?,
        isAgain: Bool = false,
        _ questionID: QuestionID,
        _ scope: CallbackSnapshot.Scope,
        at place: CallingPlace
    ) -> HookAnswer? {
        let ticket = delayed.begin(.extended, questionID)
        ClientRecord.of(identity).beginAuthentication()
        return proceed(
            ExtendedAuthentication(
                identity,
                method: method,
                input: input,
                isAgain: isAgain,
                questionID,
                ticket,
                scope[event]
            ),
            at: place
        )
    }

    /// Goes on with the chain of callbacks; nil while a plugin has yet to answer, or when the client has
    /// left.
    private func proceed(_ step: ExtendedAuthentication, at place: CallingPlace) -> HookAnswer? {
        var step = step
        while let callback = step.next {
            guard delayed.isAwaited(step.ticket) else { return leave(step) }
            let plugin = callback.plugin
            let waiting = step
            guard plugin.isolated != nil || place.allows(callback) else {
                lane.enqueue(.job { [self] in proceedLater(waiting) })
                return nil
            }
            if !plugin.answersByTicket,
                !delayed.claim(
                    step.identity.clientIdentifier,
                    for: step.ticket,
                    from: PeerNetwork(step.identity.peer),
                    resume: { [self] in proceedLater(waiting) }
                )
            {
                return nil
            }
            let result: DelayedAnswers.Result
            let hasTicket: Bool
            if plugin.isolated != nil {
                _ = step.takeNext()
                let asked = Asked(callback, .exchange(step), .exchange(step))
                guard let failure = ask(asked, ring: step.questionID.worker, at: place) else {
                    return nil
                }
                result = DelayedAnswers.Result(failure)
                hasTicket = false
            } else {
                result = step.askNext(watch)
                hasTicket = ClientRecord.of(step.identity).hasTaken(step.ticket)
            }
            switch result.code {
            case ResultCode.pluginDefer, ResultCode.pluginIgnore: continue
            default: return take(result, of: plugin, in: step, hasTicket: hasTicket, at: place)
            }
        }
        return conclude(
            step,
            DelayedAnswers.Result(code: ResultCode.notSupported),
            by: nil,
            at: place
        )
    }

    /// Goes on with a step whose plugin, in a process of its own, has answered.
    func proceed(
        _ step: ExtendedAuthentication,
        after answer: Answer,
        of plugin: LoadedPlugin,
        at place: CallingPlace
    ) -> HookAnswer? {
        switch answer.code {
        case ResultCode.pluginDefer, ResultCode.pluginIgnore: return proceed(step, at: place)
        default:
            let result = DelayedAnswers.Result(answer)
            let hasTicket = answer.hasTakenTicket
            return take(result, of: plugin, in: step, hasTicket: hasTicket, at: place)
        }
    }

    /// Takes what a plugin has answered that takes part.
    private func take(
        _ result: DelayedAnswers.Result,
        of plugin: LoadedPlugin,
        in step: ExtendedAuthentication,
        hasTicket: Bool,
        at place: CallingPlace
    ) -> HookAnswer? {
        guard result.code == ResultCode.authDelayed else {
            return conclude(step, result, by: plugin, at: place)
        }
        switch suspend(step, plugin, hasTicket: hasTicket) {
        case .waits(let isFirst):
            if isFirst { lane.wake() }
            return nil
        case .left:
            // The plugin may yet answer; until then the identifier stays taken.
            ClientRecord.of(step.identity).endAuthentication()
            return nil
        case .decided(let result): return conclude(step, result, by: plugin, at: place)
        }
    }

    /// The same on the plugin thread; the answer is posted.
    private func proceedLater(_ step: ExtendedAuthentication) {
        guard let answer = proceed(step, at: .pluginThread) else { return }
        post(answer, to: step.questionID)
    }

    private func suspend(
        _ step: ExtendedAuthentication,
        _ plugin: LoadedPlugin,
        hasTicket: Bool
    ) -> DelayedAnswers.Suspension {
        if hasTicket { plugin.noteTicket() }
        return delayed.suspend(
            DelayedAnswers.Waiting(login: .extended(step), plugin: plugin, hasTicket: hasTicket)
        )
    }

    /// Nobody waits any more.
    private func leave(_ step: ExtendedAuthentication) -> HookAnswer? {
        delayed.end(step.ticket)
        ClientRecord.of(step.identity).endAuthentication()
        return nil
    }

    private func conclude(
        _ step: ExtendedAuthentication,
        _ result: DelayedAnswers.Result,
        by plugin: LoadedPlugin?,
        at place: CallingPlace
    ) -> HookAnswer? {
        let identity = step.identity
        if result.code == ResultCode.success {
            let scope = registry.current.scope(identity.listenerIndex)
            let purpose = Confirmation.Purpose.exchange(step, result)
            return confirm(Confirmation(identity, scope.confirmers, purpose), at: place)
        }
        var denial: Denial?
        if result.code != ResultCode.authContinue, let plugin {
            logRefusal(identity, result.code, plugin.displayName)
            denial = Denial(plugin: plugin.displayName, reason: result.reason, code: result.code)
        }
        return finish(step, result, denial)
    }

    /// The step is decided.
    func finish(
        _ step: ExtendedAuthentication,
        _ result: DelayedAnswers.Result,
        _ denial: Denial?
    ) -> HookAnswer {
        delayed.end(step.ticket)
        ClientRecord.of(step.identity).endAuthentication()
        return .exchange(code: result.code, data: result.data, denial: denial)
    }

    /// `mosquitto_complete_extended_auth`.
    func completeExtended(_ identifier: String, code: Int32, data: [UInt8]?) {
        let reason = Refusals.takeReason()
        decideExchange(identifier, DelayedAnswers.Result(code: code, data: data, reason: reason))
    }

    /// A plugin has decided about the step of a client identifier.
    func decideExchange(_ identifier: String, _ result: DelayedAnswers.Result) {
        guard let waiting = delayed.complete(identifier, .extended, result),
            case .extended(let step) = waiting.login
        else { return }
        resolve(step, waiting.plugin, result)
    }

    /// A plugin has decided about a step that waits.
    func resolve(
        _ step: ExtendedAuthentication,
        _ plugin: LoadedPlugin,
        _ result: DelayedAnswers.Result
    ) {
        guard let answer = conclude(step, result, by: plugin, at: .elsewhere) else { return }
        post(answer, to: step.questionID)
    }
}

extension DelayedAnswers.Result {
    /// What a plugin in a process of its own has answered.
    fileprivate init(_ answer: Answer) {
        self.init(code: answer.code, data: answer.data, reason: answer.reason)
    }
}
