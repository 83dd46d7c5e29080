// SPDX-License-Identifier: Apache-2.0
// PSK_KEY: the pre-shared key of a TLS identity.

import CMosquitto
import Core
import Encoding
import Glibc
import Isolation
import Log
import MQTT
package import Net
import Results
import Synchronization

extension PluginHost {
    /// Milliseconds a handshake waits for plugins that must be called on the plugin thread.
    private static let handshakeWaitMilliseconds: Int64 = 5000
    /// Hexadecimal digits of the longest key that OpenSSL takes.
    private static let keyDigitsMax = 1024

    /// Asks plugins for the key of a TLS identity; nil when none of them knows the identity.
    ///
    /// TLS libraries want the key at once, so this waits for the plugin thread, five seconds at most,
    /// unless all plugins concerned allow calls on any thread.
    package func pskKey(listener: Int, _ query: PSKQuery) -> PSKAnswer? {
        let chain = registry.current.scope(listener)[.pskKey]
        guard !chain.isEmpty else { return nil }
        let settings = broker.settings
        let client = ClientIdentity(
            clientIdentifier: "",
            userName: nil,
            peer: query.peer,
            listener: listener < settings.listeners.count ? settings.listeners[listener] : nil,
            version: .v311,
            keepAliveSeconds: 0,
            isCleanStart: true,
            isBridge: false,
            authenticationMethod: nil
        )
        let end = MonotonicTime.milliseconds() + Self.handshakeWaitMilliseconds
        for callback in chain.all {
            guard let (code, digits) = askKey(callback, client, query, until: end) else {
                log.warning("Warning: No plugin found the key of '\(query.identity)' in time.")
                return .unknown
            }
            switch code {
            case ResultCode.pluginDefer, ResultCode.pluginIgnore: continue
            case ResultCode.success: return Self.key(digits).map { .key($0) } ?? .unknown
            default: return .unknown
            }
        }
        return nil
    }

    /// Asks one plugin, where it may be called; nil when it takes too long.
    private func askKey(
        _ callback: Callback,
        _ client: ClientIdentity,
        _ query: PSKQuery,
        until end: Int64
    ) -> (code: CInt, digits: [UInt8])? {
        let (hint, name) = (query.hint, query.identity)
        if callback.plugin.isDirect {
            let handle = ClientRecord.handle(of: client)
            return Self.askKey(callback, handle, hint: hint, identity: name, watch)
        }
        guard let answered = try? Waker() else { return nil }
        let box = AnswerBox()
        if let isolated = callback.plugin.isolated {
            let take: @Sendable (Answer) -> Void = { answer in
                box.set((answer.code, answer.data ?? []))
                answered.wake()
            }
            let question = PluginQuestion.key(client, hint: hint, identity: name)
            let asked = Asked(callback, question, .job(take))
            let ring = isolated.serviceRing
            if let failure = isolated.ask(asked, ring: ring) { take(failure) }
        } else {
            lane.enqueue(
                .job { [watch] in
                    let handle = ClientRecord.handle(of: client)
                    box.set(Self.askKey(callback, handle, hint: hint, identity: name, watch))
                    answered.wake()
                }
            )
        }
        var entry = pollfd(fd: answered.rawValue, events: Int16(POLLIN), revents: 0)
        let wait = CInt(clamping: max(0, end - MonotonicTime.milliseconds()))
        guard retryingInterrupts({ poll(&entry, 1, wait) }) > 0 else { return nil }
        return box.value
    }

    /// Calls one plugin; what it has written as the key.
    static func askKey(
        _ callback: Callback,
        _ client: OpaquePointer,
        hint: String,
        identity: String,
        _ watch: Stopwatch
    ) -> (code: CInt, digits: [UInt8]) {
        var digits = [CChar](repeating: 0, count: keyDigitsMax + 1)
        let code = hint.withCString { hint in
            identity.withCString { identity in
                digits.withUnsafeMutableBufferPointer { digits in
                    var data = mosquitto_evt_psk_key()
                    data.client = client
                    data.hint = hint
                    data.identity = identity
                    data.key = digits.baseAddress
                    data.max_key_len = CInt(keyDigitsMax)
                    return callback.call(&data, watch)
                }
            }
        }
        return (code, digits.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)))
    }

    /// The bytes of a key written in hexadecimal; nil when it is none.
    private static func key(_ digits: [UInt8]) -> [UInt8]? {
        digits.isEmpty ? nil : Hexadecimal.decode(digits)
    }
}

/// An answer on its way from one thread to another.
private final class AnswerBox: Sendable {
    private let answer = Mutex<(code: CInt, digits: [UInt8])?>(nil)

    /// What was found.
    var value: (code: CInt, digits: [UInt8])? { answer.withLock { $0 } }

    func set(_ found: (code: CInt, digits: [UInt8])) { answer.withLock { $0 = found } }
}
