// SPDX-License-Identifier: Apache-2.0
// PSK_KEY: the pre-shared key of a TLS identity.

import CMosquitto
package import Core
import Glibc
import Log
import MQTT
package import Net
import Synchronization

extension PluginHost {
    /// Milliseconds a handshake waits for plugins that must be called on the plugin thread.
    private static let handshakeWaitMilliseconds: CInt = 5000

    /// Whether anybody is asked for the keys of a listener's clients.
    package func hasPskKeys(on listener: Int) -> Bool {
        !registry.current.scope(listener)[.pskKey].isEmpty
    }

    /// Asks plugins for the key of a TLS identity: hexadecimal digits, or nil when nobody has one.
    ///
    /// TLS libraries want the key at once, so this waits for the plugin thread, five seconds at most,
    /// unless all plugins concerned allow calls on any thread.
    package func pskKey(
        hint: String,
        identity: String,
        listener: ListenerSettings,
        peer: PeerAddress,
        digitsMax: Int
    ) -> [UInt8]? {
        let chain = registry.current.scope(listener.index)[.pskKey]
        guard !chain.isEmpty else { return nil }
        let client = ClientIdentity(
            clientIdentifier: "",
            userName: nil,
            peer: peer,
            listener: listener,
            version: .v311,
            keepAliveSeconds: 0,
            isCleanStart: true,
            isBridge: false,
            authenticationMethod: nil
        )
        if chain.isDirect { return findKey(chain, client, hint, identity, digitsMax) }
        guard let answered = try? Waker() else { return nil }
        let box = KeyBox()
        lane.enqueue(
            .job { [self] in
                box.set(findKey(chain, client, hint, identity, digitsMax))
                answered.wake()
            }
        )
        var entry = pollfd(fd: answered.rawValue, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, Self.handshakeWaitMilliseconds) > 0 else {
            log.warning("Warning: No plugin found the key of '\(identity)' in time.")
            return nil
        }
        return box.value
    }

    private func findKey(
        _ chain: CallbackChain,
        _ client: ClientIdentity,
        _ hint: String,
        _ identity: String,
        _ digitsMax: Int
    ) -> [UInt8]? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: digitsMax + 1) { key in
            key.initialize(repeating: 0)
            return hint.withCString { hint in
                identity.withCString { identity in
                    for callback in chain.all {
                        var data = mosquitto_evt_psk_key()
                        data.client = ClientRecord.of(client).handle
                        data.hint = hint
                        data.identity = identity
                        data.key = key.baseAddress
                        data.max_key_len = CInt(digitsMax)
                        switch callback.call(&data, watch) {
                        case MOSQ_ERR_PLUGIN_DEFER.rawValue, MOSQ_ERR_PLUGIN_IGNORE.rawValue:
                            continue
                        case 0: return key.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
                        default: return nil
                        }
                    }
                    return nil
                }
            }
        }
    }
}

/// A key on its way from one thread to another.
private final class KeyBox: Sendable {
    private let key = Mutex<[UInt8]?>(nil)

    /// What was found.
    var value: [UInt8]? { key.withLock { $0 } }

    func set(_ found: [UInt8]?) { key.withLock { $0 = found } }
}
