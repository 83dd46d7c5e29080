// SPDX-License-Identifier: Apache-2.0
// What can only be checked and filled in once all lines are read.

import Log

extension ConfigurationParser {
    /// The lines to warn with when only this machine can connect.
    package static var localOnlyWarnings: [String] {
        [
            "Starting in local only mode. Only clients on this machine can connect.",
            "Give a configuration file with a 'listener' to serve other machines,",
            "and say there who may connect: see 'allow_anonymous' and 'password_file'.",
        ]
    }

    /// The finished configuration.
    ///
    /// - Parameter ports: what `-p` gave; used only if no file opens a listener.
    package func finish(ports: [Int] = []) throws(ConfigurationError) -> Configuration {
        var result = configuration
        finishListeners(&result, ports: ports)
        for listener in result.listeners { try Self.check(listener) }
        try finishBridges(&result)
        return result
    }

    /// Opens the default listener, or the loopback addresses and the HTTP API if nothing opens a
    /// listener.
    private func finishListeners(_ result: inout Configuration, ports: [Int]) {
        var defaultIndex: Int?
        // Without `port` and `bind_address` it is opened beside other listeners when an option has
        // changed it.
        if let defaultListener,
            opensDefaultListener
                || !result.listeners.isEmpty && defaultListener != Self.unchangedDefaultListener
        {
            defaultIndex = result.listeners.count
            result.listeners.append(defaultListener)
        }
        for index in result.plugins.indices {
            guard case .listeners(let listeners) = result.plugins[index].scope else { continue }
            result.plugins[index].scope = .listeners(
                listeners.compactMap { $0 >= 0 ? $0 : defaultIndex }
            )
        }
        guard result.listeners.isEmpty else { return }
        result.isLocalOnly = true
        for port in ports.isEmpty ? [1883] : ports {
            result.listeners.append(ListenerConfiguration(port: port, host: "127.0.0.1"))
            result.listeners.append(ListenerConfiguration(port: port, host: "::1"))
        }
        var api = ListenerConfiguration(port: Self.localAPIPort, host: "127.0.0.1")
        api.protocol = .httpApi
        result.listeners.append(api)
    }

    /// The default listener as it is before an option of it is read.
    private static var unchangedDefaultListener: ListenerConfiguration {
        var listener = ListenerConfiguration()
        listener.isDefault = true
        return listener
    }

    /// Where the HTTP API is when nothing opens a listener.
    private static let localAPIPort = 9883

    /// Checks that options of a listener fit together.
    private static func check(_ listener: ListenerConfiguration) throws(ConfigurationError) {
        let tls = listener.tls
        if listener.enableProxyProtocol == 2 {
            if tls.useSubjectAsUsername {
                throw ConfigurationError(
                    "Error: use_subject_as_username cannot be used with `enable_proxy_protocol 2`."
                )
            }
            if tls.certfile != nil || tls.keyfile != nil {
                throw ConfigurationError(
                    "Error: certfile and keyfile cannot be used with `enable_proxy_protocol 2`."
                )
            }
        }
        if (tls.certfile == nil) != (tls.keyfile == nil) {
            throw ConfigurationError(
                "Error: Both certfile and keyfile must be provided to enable a TLS listener."
            )
        }
        guard tls.certfile == nil else { return }
        for (name, value) in [("cafile", tls.cafile), ("capath", tls.capath)] where value != nil {
            throw ConfigurationError(
                "Error: \(name) specified without certfile and keyfile."
            )
        }
    }

    /// Checks the bridges and fills in the client identifiers.
    private func finishBridges(_ result: inout Configuration) throws(ConfigurationError) {
        for index in result.bridges.indices {
            var bridge = result.bridges[index]
            try Self.check(bridge)
            if bridge.remoteClientid.isEmpty {
                bridge.remoteClientid = "\(source.hostName).\(bridge.name)"
            }
            if bridge.localClientid.isEmpty {
                bridge.localClientid = "local.\(bridge.remoteClientid)"
            }
            result.bridges[index] = bridge
        }
        var seen: Set<String> = []
        for bridge in result.bridges where !seen.insert(bridge.localClientid).inserted {
            throw ConfigurationError(
                "Error: Bridge local_clientid '\(bridge.localClientid)' is not unique. Try changing"
                    + " or setting the local_clientid value for one of the bridges."
            )
        }
    }

    /// Checks that a bridge has what it needs.
    private static func check(_ bridge: BridgeConfiguration) throws(ConfigurationError) {
        let missing: String
        if bridge.addresses.isEmpty {
            missing = "no remote addresses defined."
        } else if bridge.topics.isEmpty {
            missing = "no topics defined."
        } else if bridge.tls.psk != nil, bridge.tls.identity == nil {
            missing = "missing bridge_identity."
        } else if bridge.tls.identity != nil, bridge.tls.psk == nil {
            missing = "missing bridge_psk."
        } else {
            return
        }
        throw ConfigurationError("Error: Invalid bridge configuration: \(missing)")
    }
}
