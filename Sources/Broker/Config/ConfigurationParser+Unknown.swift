// SPDX-License-Identifier: Apache-2.0
// What becomes of a line that is wrong, and of an option nobody knows.

extension ConfigurationParser {
    /// Opens the section that a wrong line was meant to open, so that what follows is not taken for
    /// part of the section before.
    ///
    /// Nothing of it is ever used: the configuration has an error.
    mutating func openInPlace(of name: String) {
        switch name {
        case "listener":
            configuration.listeners.append(ListenerConfiguration())
            context.listener = .listener(configuration.listeners.count - 1)
        case "connection":
            configuration.bridges.append(BridgeConfiguration(name: ""))
            context.bridge = configuration.bridges.count - 1
        case "plugin", "auth_plugin", "global_plugin", "plugin_load":
            configuration.plugins.append(PluginConfiguration(path: ""))
            context.plugin = configuration.plugins.count - 1
        default: break
        }
    }

    /// The error of a name that is no option, with what may have been meant.
    static func unknown(_ name: String) -> ConfigurationError {
        ConfigurationError("Error: Unknown configuration variable '\(name)'.\(advice(on: name))")
    }

    /// What may have been meant by a name that is no option.
    private static func advice(on name: String) -> String {
        for (separator, word) in [("\t", "a tab"), ("=", "'='"), (":", "':'")] {
            guard let end = name.firstIndex(of: Character(separator)) else { continue }
            let option = String(name[..<end])
            guard names.contains(option) else { continue }
            return " A space, not \(word), separates '\(option)' from its value."
        }
        return Suggestion.question(about: name, among: names)
    }

    /// Every option there is.
    private static let names: Set<String> = {
        var names: Set<String> = [
            "listener", "include_dir", "connection", "port", "bind_address", "http_dir",
        ]
        for table in [
            GeneralOptions.limits, GeneralOptions.switches, GeneralOptions.persistence,
            GeneralOptions.logging, GeneralOptions.directives,
        ] { names.formUnion(table.keys) }
        names.formUnion(ListenerOptions.common.keys)
        names.formUnion(ListenerOptions.tls.keys)
        names.formUnion(ListenerOptions.security.keys)
        names.formUnion(BridgeOptions.common.keys)
        names.formUnion(BridgeOptions.identity.keys)
        return names.subtracting(["plugin_opt_KEY", "auth_opt_KEY"])
    }()
}
