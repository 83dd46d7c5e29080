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
    /// What is no error is remarked.
    package mutating func finish(ports: [Int] = []) throws(ConfigurationError) -> Configuration {
        var result = configuration
        finishListeners(&result, ports: ports)
        var errors: [ConfigurationError] = []
        for index in result.listeners.indices {
            guard let (line, options) = Self.mistake(in: result.listeners[index]) else { continue }
            let place = result.places.first(of: options, in: .listener(index))
            errors.append(Self.error(line, at: place))
        }
        errors += finishBridges(&result)
        if let error = ConfigurationError(errors) { throw error }
        remarkUnused(result)
        remarkUnmarked(result)
        result.logging.fileMention = result.places.mention(OptionPlaces.logFile, in: .general)
        return result
    }

    /// Warns of plugins that no listener uses.
    private mutating func remarkUnused(_ result: Configuration) {
        for plugin in result.plugins where plugin.isUnused {
            let name = plugin.name ?? plugin.path
            let text =
                "Warning: Plugin '\(name)' is not used by any listener: not loaded. Say 'plugin_use \(name)'"
                + " at the listeners it is for\(plugin.mention)."
            records.append(LogRecord(.warning, text))
        }
    }

    /// Warns of bridges that cannot say where a message has been.
    private mutating func remarkUnmarked(_ result: Configuration) {
        guard result.bridgeLoopProtection != nil else { return }
        for (index, bridge) in result.bridges.enumerated()
        where bridge.protocolVersion != .mqttv50 {
            let names = ["bridge_protocol_version", "connection"]
            let place = result.places.first(of: names, in: .bridge(index))
            let mention = place.map { " (\($0))" } ?? ""
            let text =
                "Warning: bridge_loop_protection does nothing for bridge '\(bridge.name)': it needs"
                + " bridge_protocol_version mqttv50\(mention)."
            records.append(LogRecord(.warning, text))
        }
    }

    /// An error with the place of the option that it is about, if that is known.
    private static func error(_ line: String, at place: OptionPlace?) -> ConfigurationError {
        ConfigurationError([line] + (place.map { ["Error found at \($0)."] } ?? []))
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
            result.places.defaultListenerIndex = defaultIndex
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

    /// What of a listener does not fit together: the line to log, and the options it is about.
    private static func mistake(
        in listener: ListenerConfiguration
    ) -> (line: String, options: [String])? {
        let tls = listener.tls
        if listener.enableProxyProtocol == 2 {
            if tls.useSubjectAsUsername {
                let name = "use_subject_as_username"
                return ("Error: \(name) cannot be used with `enable_proxy_protocol 2`.", [name])
            }
            if tls.certfile != nil || tls.keyfile != nil {
                return (
                    "Error: certfile and keyfile cannot be used with `enable_proxy_protocol 2`.",
                    ["certfile", "keyfile"]
                )
            }
        }
        if (tls.certfile == nil) != (tls.keyfile == nil) {
            return (
                "Error: Both certfile and keyfile must be provided to enable a TLS listener.",
                ["certfile", "keyfile"]
            )
        }
        if tls.certfile == nil {
            for (name, value) in [("cafile", tls.cafile), ("capath", tls.capath)] where value != nil
            {
                return ("Error: \(name) specified without certfile and keyfile.", [name])
            }
        } else if tls.requireCertificate, tls.cafile == nil, tls.capath == nil {
            return (
                "Error: require_certificate needs cafile or capath: without an authority no client can"
                    + " show a certificate that counts.",
                ["require_certificate"]
            )
        }
        return nil
    }

    /// Checks the bridges and fills in the client identifiers.
    private func finishBridges(_ result: inout Configuration) -> [ConfigurationError] {
        var errors: [ConfigurationError] = []
        var seen: Set<String> = []
        // Also without the room that the array has grown by: thousands may be kept for good.
        result.bridges = result.bridges.map(named)
        for (index, bridge) in result.bridges.enumerated() {
            if let mistake = bridge.mistake {
                let names = mistake.options + ["connection"]
                let place = result.places.first(of: names, in: .bridge(index))
                errors.append(Self.error(mistake.line, at: place))
            } else if !seen.insert(bridge.localClientid).inserted {
                let line =
                    "Error: Bridge local_clientid '\(bridge.localClientid)' is not unique. Try changing"
                    + " or setting the local_clientid value for one of the bridges."
                let names = ["local_clientid", "connection"]
                let place = result.places.first(of: names, in: .bridge(index))
                errors.append(Self.error(line, at: place))
            }
        }
        return errors
    }

    /// A bridge with the client identifiers that it has where the file gives it none.
    private func named(_ bridge: BridgeConfiguration) -> BridgeConfiguration {
        var bridge = bridge
        if bridge.remoteClientid.isEmpty {
            bridge.remoteClientid = "\(source.hostName).\(bridge.name)"
        }
        if bridge.localClientid.isEmpty {
            bridge.localClientid = "local.\(bridge.remoteClientid)"
        }
        return bridge
    }
}
