// SPDX-License-Identifier: Apache-2.0
// Lines about listeners and security: which listener they belong to.

import Log

extension ConfigurationParser {
    /// `listener <port> [host | path]`: opens a section.
    mutating func parseListener(_ line: inout OptionLine) throws(ConfigurationError) {
        let port = try line.int(label: "listener port")
        guard 0...65535 ~= port else {
            throw ConfigurationError("Error: Invalid 'port' value (\(port)).")
        }
        var listener = ListenerConfiguration(port: port)
        let address = line.nextWord().flatMap { $0.hasPrefix("#") ? nil : $0 }
        if port == 0 {
            guard let address else {
                throw ConfigurationError(
                    "Error: A listener with port 0 must provide a Unix socket path."
                )
            }
            listener.unixSocketPath = address
        } else {
            listener.host = address
        }
        configuration.listeners.append(listener)
        context.listener = .listener(configuration.listeners.count - 1)
        notePlace(of: line, section: Context(listener: context.listener))
    }

    /// `port <number>`: the default listener's port; it is the current listener afterwards.
    mutating func parsePort(_ line: inout OptionLine) throws(ConfigurationError) {
        line.remarkDeprecated("Use 'listener' instead.")
        let port = try line.int()
        guard 1...65535 ~= port else { throw line.invalid(port) }
        // The original warns at the first time already; scripts that look for it find it here too.
        let multiple = "Default listener port specified multiple times."
        line.warn("Warning: \(multiple) Only the latest will be used.")
        openDefaultListener { $0.port = port }
        notePlace(of: line, section: Context(listener: .defaultListener))
    }

    /// `bind_address <host>`: the default listener's address.
    mutating func parseBindAddress(_ line: inout OptionLine) throws(ConfigurationError) {
        line.remarkDeprecated("Use 'listener' instead.")
        noteOccurrence(&line, section: Context())
        let host = try line.string(isOnce: true)
        if let reason = source.resolutionFailure(of: host) {
            throw ConfigurationError("Error: Error resolving bind_address: \(reason).")
        }
        openDefaultListener { $0.host = host }
        notePlace(of: line, section: Context(listener: .defaultListener))
    }

    /// Changes the default listener and makes it the current one.
    private mutating func openDefaultListener(_ change: (inout ListenerConfiguration) -> Void) {
        var listener = defaultListener ?? ListenerConfiguration()
        listener.isDefault = true
        change(&listener)
        defaultListener = listener
        opensDefaultListener = true
        context.listener = .defaultListener
    }

    /// An option of the current listener.
    mutating func parseListenerOption(
        _ entry: ListenerOptions.Entry,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        try requireListener(entry.context, &line)
        noteOccurrence(&line, section: context)
        try changeCurrentListener { listener throws(ConfigurationError) in
            try Self.apply(entry.setting, to: &listener, &line)
        }
    }

    /// A security option: global, or of the current listener with `per_listener_settings`.
    mutating func parseSecurity(
        _ setting: Setting<SecurityConfiguration>,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        hasSecurityOption = true
        if line.name == "psk_file", currentListener?.tls.certfile != nil {
            throw ListenerOptions.bothEncryptions
        }
        if configuration.perListenerSettings {
            try requireListener(.required, &line)
            noteOccurrence(&line, section: context)
            try changeCurrentListener { listener throws(ConfigurationError) in
                try Self.apply(setting, to: &listener.security, &line)
            }
            if line.name == "allow_anonymous" {
                let advice = "Consider using 'listener_allow_anonymous' instead of '\(line.name)'."
                line.remarks.append(LogRecord(.notice, advice))
            }
        } else {
            noteOccurrence(&line, section: Context())
            try Self.apply(setting, to: &configuration.security, &line)
        }
    }

    /// `per_listener_settings <bool>`: once true it stays.
    mutating func parsePerListenerSettings(
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        line.remarkDeprecated("Use the 'listener_' options and 'plugin_use' instead.")
        let value = try line.bool()
        guard !hasSecurityOption else {
            throw ConfigurationError(
                "Error: per_listener_settings must be set before any other security settings."
            )
        }
        configuration.perListenerSettings = configuration.perListenerSettings || value
    }

    /// Makes sure that there is a listener of the kind the option needs.
    mutating func requireListener(
        _ need: ListenerContext,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        switch (context.listener, need) {
        case (.listener, _), (.defaultListener, .orDefault), (.defaultListener, .required): return
        case (.none, .orDefault):
            var listener = defaultListener ?? ListenerConfiguration()
            listener.isDefault = true
            defaultListener = listener
            context.listener = .defaultListener
            line.remarks += [
                LogRecord(.information, "Creating default listener due to '\(line.name)' option."),
                LogRecord(
                    .information,
                    "Define a 'listener' before using the '\(line.name)' option."
                ),
            ]
        default:
            throw ConfigurationError(
                "Error: The '\(line.name)' option requires a listener to be defined first."
            )
        }
    }

    /// The listener that listener options apply to.
    private var currentListener: ListenerConfiguration? {
        switch context.listener {
        case .none: nil
        case .defaultListener: defaultListener
        case .listener(let index): configuration.listeners[index]
        }
    }

    /// Changes the listener that listener options apply to.
    private mutating func changeCurrentListener(
        _ change: (inout ListenerConfiguration) throws(ConfigurationError) -> Void
    ) throws(ConfigurationError) {
        switch context.listener {
        case .none: break
        case .listener(let index): try change(&configuration.listeners[index])
        case .defaultListener:
            var listener = defaultListener ?? ListenerConfiguration()
            try change(&listener)
            defaultListener = listener
        }
    }
}
