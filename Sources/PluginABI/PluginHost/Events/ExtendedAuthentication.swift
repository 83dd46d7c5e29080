// SPDX-License-Identifier: Apache-2.0
// EXT_AUTH_START and EXT_AUTH_CONTINUE: one step of enhanced authentication.

import CMosquitto
import Core
import Glibc
import Log

extension PluginHost {
    /// Takes one step of an exchange, or lets it wait for a plugin.
    func exchange(
        _ event: PluginEvent,
        _ identity: ClientIdentity,
        method: String,
        data input: [UInt8]?,
        _ turn: DelayedAnswers.Turn,
        _ scope: CallbackSnapshot.Scope
    ) -> HookAnswer? {
        let name = identity.clientIdentifier
        switch delayed.begin(name, .extended, turn) {
        case .begun: break
        case .waits: return nil
        case .refused:
            logSecond(identity)
            return .exchange(code: MOSQ_ERR_UNKNOWN.rawValue, data: nil)
        }
        let record = ClientRecord.of(identity)
        record.beginAuthentication()
        for callback in scope[event].all {
            let (code, output) = Self.step(callback, record, method, input, watch)
            switch code {
            case MOSQ_ERR_PLUGIN_DEFER.rawValue, MOSQ_ERR_PLUGIN_IGNORE.rawValue: continue
            case MOSQ_ERR_AUTH_DELAYED.rawValue:
                return suspendExchange(identity, turn, callback.plugin, begunAs: name)
            default:
                delayed.end(name)
                record.endAuthentication()
                if code != 0, code != MOSQ_ERR_AUTH_CONTINUE.rawValue {
                    log.debug(
                        "Plugin \(callback.plugin.displayName) refused \(identity.logName)"
                            + " (\(code))."
                    )
                }
                return .exchange(code: code, data: output)
            }
        }
        delayed.end(name)
        record.endAuthentication()
        return .exchange(code: MOSQ_ERR_NOT_SUPPORTED.rawValue, data: nil)
    }

    /// The data have a NUL byte behind them: plugins compare them as C strings.
    private static func step(
        _ callback: Callback,
        _ record: ClientRecord,
        _ method: String,
        _ input: [UInt8]?,
        _ watch: Stopwatch
    ) -> (code: CInt, output: [UInt8]?) {
        method.withCString { method in
            ((input ?? []) + [0]).withUnsafeBytes { bytes in
                var data = mosquitto_evt_extended_auth()
                data.client = record.handle
                data.data_in = bytes.count == 1 ? nil : bytes.baseAddress
                data.data_in_len = UInt16(clamping: bytes.count - 1)
                data.auth_method = method
                let code = callback.call(&data, watch)
                guard let output = data.data_out else { return (code, nil) }
                defer { free(output) }
                let count = Int(data.data_out_len)
                return (code, Array(UnsafeRawBufferPointer(start: output, count: count)))
            }
        }
    }

    private func suspendExchange(
        _ identity: ClientIdentity,
        _ turn: DelayedAnswers.Turn,
        _ plugin: LoadedPlugin,
        begunAs name: String
    ) -> HookAnswer? {
        let waiting = DelayedAnswers.Waiting(
            asker: turn.asker,
            identity: identity,
            kind: .extended,
            isConnect: turn.isConnect,
            pluginName: plugin.displayName,
            rest: nil
        )
        switch delayed.suspend(waiting, begunAs: name) {
        case .waits(let isFirst):
            if isFirst { lane.wake() }
            return nil
        case .decided(let result):
            ClientRecord.of(identity).endAuthentication()
            return .exchange(code: result.code, data: result.data)
        }
    }

    /// `mosquitto_complete_extended_auth`.
    func completeExtended(_ identifier: String, code: Int32, data: [UInt8]?) {
        let result = DelayedAnswers.Result(code: code, data: data)
        switch delayed.complete(identifier, .extended, result) {
        case .unknown, .noted: return
        case .resolved(let waiting):
            ClientRecord.of(waiting.identity).endAuthentication()
            let answer = HookAnswer.exchange(code: code, data: data)
            broker.answer([(waiting.asker, answer)], worker: waiting.asker.worker)
        }
    }
}
