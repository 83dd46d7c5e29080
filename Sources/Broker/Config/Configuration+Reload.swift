// SPDX-License-Identifier: Apache-2.0
// What of a new configuration takes effect while the broker runs.

extension Configuration {
    /// The configuration that is in force after a reload found `new` in the file.
    ///
    /// Options that the original broker reads again take their new value, the others keep the one
    /// they had at start. Nothing changes if this throws: a listener that the broker does not have
    /// abandons the reload.
    package func applyingReload(
        of new: Configuration
    ) throws(ConfigurationError) -> Configuration {
        var result = new
        result.keepStartValues(of: self)
        result.listeners = listeners
        for listener in new.listeners {
            guard let index = index(of: listener) else {
                guard !new.isLocalOnly else { continue }
                throw ConfigurationError(
                    "Error: It is not currently possible to add/remove listeners when"
                        + " reloading the config file."
                )
            }
            result.listeners[index] = listeners[index].applyingReload(of: listener)
        }
        result.isLocalOnly = isLocalOnly
        return result
    }

    /// The position of the running listener that a listener of the new file means.
    private func index(of listener: ListenerConfiguration) -> Int? {
        // What `port` and `bind_address` say is not read again, so the two default ones always match.
        listeners.firstIndex {
            $0.isDefault == listener.isDefault && (listener.isDefault || $0.matches(listener))
        }
    }

    /// Puts back the options that only a restart changes.
    private mutating func keepStartValues(of old: Configuration) {
        checkRetainSource = old.checkRetainSource
        enableControlApi = old.enableControlApi
        globalMaxClients = old.globalMaxClients
        globalMaxConnections = old.globalMaxConnections
        maxInflightBytes = old.maxInflightBytes
        maxInflightMessages = old.maxInflightMessages
        maxKeepalive = old.maxKeepalive
        maxPacketSize = old.maxPacketSize
        maxQueuedBytes = old.maxQueuedBytes
        maxQueuedMessages = old.maxQueuedMessages
        packetBufferSize = old.packetBufferSize
        perListenerSettings = old.perListenerSettings
        retainAvailable = old.retainAvailable
        retainExpiryInterval = old.retainExpiryInterval
        setTcpNodelay = old.setTcpNodelay
        pidFile = old.pidFile
        plugins = old.plugins
        user = old.user
        workerThreads = old.workerThreads
        workerGathering = old.workerGathering
    }
}

extension ListenerConfiguration {
    /// The settings of this running listener after its `listener` line was read again.
    func applyingReload(of new: ListenerConfiguration) -> ListenerConfiguration {
        var result = new
        result.port = port
        result.host = host
        result.bindInterface = bindInterface
        result.socketDomain = socketDomain
        result.httpDir = httpDir
        result.pskHint = pskHint
        result.tls.tlsEngine = tls.tlsEngine
        result.tls.tlsEngineKpassSha1 = tls.tlsEngineKpassSha1
        result.tls.isEngineKey = tls.isEngineKey
        result.tls.tlsVersion = tls.tlsVersion
        result.tls.ciphers = tls.ciphers
        result.tls.ciphersTls13 = tls.ciphersTls13
        return result
    }
}
