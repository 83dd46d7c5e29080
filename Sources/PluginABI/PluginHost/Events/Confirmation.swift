// SPDX-License-Identifier: Apache-2.0
// Clients that have proven who they are: those who may object are asked.

import Core
import Glibc
import Isolation
import Results

/// The way of somebody who has proven who he is past those who may object.
struct Confirmation: Sendable {
    /// What has led here.
    enum Purpose: Sendable {
        /// A question of the core.
        case question(QuestionID)
        /// A login that others have accepted.
        case login(BasicAuthentication)
        /// A step of an exchange that its method has accepted.
        case exchange(ExtendedAuthentication, DelayedAnswers.Result)
    }

    let identity: ClientIdentity
    /// Who is still to be asked.
    fileprivate(set) var rest: ArraySlice<Callback>
    let purpose: Purpose

    init(_ identity: ClientIdentity, _ callbacks: [Callback], _ purpose: Purpose) {
        self.identity = identity
        rest = callbacks[...]
        self.purpose = purpose
    }

    /// Who waits for the answer.
    var questionID: QuestionID {
        switch purpose {
        case .question(let questionID): questionID
        case .login(let login): login.questionID
        case .exchange(let step, _): step.questionID
        }
    }
}

extension PluginHost {
    /// Asks whether a client may come in that has proven who it is without a password: nobody, or who is
    /// asked, may object.
    ///
    /// Nil while somebody has yet to answer.
    func confirm(_ confirmation: Confirmation, at place: CallingPlace) -> HookAnswer? {
        var confirmation = confirmation
        let identity = confirmation.identity
        while let callback = confirmation.rest.first {
            if callback.plugin.isolated == nil, !place.allows(callback) {
                let waiting = confirmation
                lane.enqueue(
                    .job { [self] in
                        guard let answer = confirm(waiting, at: .pluginThread) else { return }
                        post(answer, to: waiting.questionID)
                    }
                )
                return nil
            }
            confirmation.rest.removeFirst()
            var code: CInt
            var reason: String?
            if callback.plugin.isolated != nil {
                let question = PluginQuestion.login(identity, password: nil, ticket: 0)
                let asked = Asked(callback, question, .confirmation(confirmation))
                let ring = confirmation.questionID.worker
                guard let failure = ask(asked, ring: ring, at: place) else { return nil }
                (code, reason) = (failure.code, failure.reason)
            } else {
                code = BasicAuthentication.call(callback, ClientRecord.of(identity), nil, watch)
                reason = Refusals.takeReason(of: callback.plugin)
            }
            if let answer = objection(to: confirmation, callback.plugin, code, reason) {
                return answer
            }
        }
        return finish(confirmation, ResultCode.success, nil)
    }

    /// What comes of an answer that has taken its time.
    func take(
        _ answer: CInt,
        reason: String?,
        of plugin: LoadedPlugin,
        in confirmation: Confirmation,
        at place: CallingPlace
    ) -> HookAnswer? {
        objection(to: confirmation, plugin, answer, reason) ?? confirm(confirmation, at: place)
    }

    /// The end of it if somebody objects.
    private func objection(
        to confirmation: Confirmation,
        _ plugin: LoadedPlugin,
        _ code: CInt,
        _ reason: String?
    ) -> HookAnswer? {
        switch code {
        case ResultCode.success, ResultCode.pluginDefer, ResultCode.pluginIgnore: return nil
        default:
            let name = plugin.displayName
            logRefusal(confirmation.identity, code, name)
            // Nobody waits for such an answer.
            let result = code == ResultCode.authDelayed ? ResultCode.notAuthorized : code
            return finish(confirmation, result, Denial(plugin: name, reason: reason, code: code))
        }
    }

    private func finish(
        _ confirmation: Confirmation,
        _ code: CInt,
        _ denial: Denial?
    ) -> HookAnswer {
        switch confirmation.purpose {
        case .question: return .authentication(code: code, denial: denial)
        case .login(let login): return finish(login, code: code, denial)
        case .exchange(let step, let result):
            // Nothing that the method has to say to one it has accepted.
            let isAccepted = code == ResultCode.success
            return finish(step, isAccepted ? result : DelayedAnswers.Result(code: code), denial)
        }
    }
}
