// SPDX-License-Identifier: Apache-2.0
// PSK_KEY: the pre-shared key of a TLS identity.

import CMosquitto
import Core
import Encoding
import Glibc
import Log
import MQTT
package import Net
import Results
import Synchronization

extension PluginHost {
    /// Milliseconds a handshake waits for plugins that must be called on the plugin thread.
    private static let handshakeWaitMilliseconds: CInt = 5000
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
        if chain.isDirect { return findKey(chain, client, query) }
        guard let answered = try? Waker() else { return .unknown }
        let box = AnswerBox()
        lane.enqueue(
            .job { [self] in
                box.set(findKey(chain, client, query))
                answered.wake()
            }
        )
        var entry = pollfd(fd: answered.rawValue, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, Self.handshakeWaitMilliseconds) > 0 else {
            log.warning("Warning: No plugin found the key of '\(query.identity)' in time.")
            return .unknown
        }
        return box.value
    }

    private func findKey(
        _ chain: CallbackChain,
        _ client: ClientIdentity,
        _ query: PSKQuery
    ) -> PSKAnswer? {
        let handle = ClientRecord.handle(of: client)
        var digits = [CChar](repeating: 0, count: Self.keyDigitsMax + 1)
        for callback in chain.all {
            let code = query.hint.withCString { hint in
                query.identity.withCString { identity in
                    digits.withUnsafeMutableBufferPointer { digits in
                        var data = mosquitto_evt_psk_key()
                        data.client = handle
                        data.hint = hint
                        data.identity = identity
                        data.key = digits.baseAddress
                        data.max_key_len = CInt(Self.keyDigitsMax)
                        return callback.call(&data, watch)
                    }
                }
            }
            switch code {
            case ResultCode.pluginDefer, ResultCode.pluginIgnore: continue
            case ResultCode.success: return Self.key(digits).map { .key($0) } ?? .unknown
            default: return .unknown
            }
        }
        return nil
    }

    /// The bytes of a key written in hexadecimal; nil when it is none.
    private static func key(_ digits: [CChar]) -> [UInt8]? {
        let text = digits.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
        return text.isEmpty ? nil : Hexadecimal.decode(text)
    }
}

/// An answer on its way from one thread to another.
private final class AnswerBox: Sendable {
    private let answer = Mutex<PSKAnswer?>(nil)

    /// What was found.
    var value: PSKAnswer? { answer.withLock { $0 } }

    func set(_ found: PSKAnswer?) { answer.withLock { $0 = found } }
}
