// SPDX-License-Identifier: Apache-2.0
// Lines that open sections or belong to a bridge or plugin.

import Log

extension ConfigurationParser {
    /// Handles the options that are more than a value.
    ///
    /// - Returns: false if there is no such option.
    mutating func parseDirective(_ line: inout OptionLine) throws(ConfigurationError) -> Bool {
        switch line.name {
        case "listener": try parseListener(&line)
        case "port": try parsePort(&line)
        case "bind_address": try parseBindAddress(&line)
        case "http_dir": try parseHttpDir(&line)
        case "per_listener_settings": try parsePerListenerSettings(&line)
        case "include_dir": try parseIncludeDir(&line)
        case "connection": try parseConnection(&line)
        case "plugin", "auth_plugin", "global_plugin": try parsePlugin(&line)
        case "plugin_load": try parsePluginLoad(&line)
        case "plugin_use": try parsePluginUse(&line)
        case "plugin_symbols", "auth_plugin_deny_special_chars":
            try parsePluginSetting(&line)
        case let name where Self.isolationOptions.contains(name): try parseIsolation(&line)
        case let name where name.hasPrefix("plugin_opt_") || name.hasPrefix("auth_opt_"):
            try parsePluginOption(&line)
        default: return false
        }
        return true
    }

    /// `http_dir <directory>`: kept as the absolute path it has now.
    private mutating func parseHttpDir(_ line: inout OptionLine) throws(ConfigurationError) {
        let source = source
        let setting = Setting<ListenerConfiguration>.custom {
            (
                listener: inout ListenerConfiguration,
                line: inout OptionLine
            )
                throws(ConfigurationError) in
            let path = try line.string(isOnce: true)
            switch source.canonicalPath(ofDirectory: path) {
            case .absolute(let directory): listener.httpDir = directory
            case .failure(let reason):
                throw ConfigurationError("Error: Unable to open http_dir '\(path)': \(reason).")
            }
        }
        try parseListenerOption((.required, setting), &line)
    }

    /// `include_dir <directory>`: reads its `.conf` files on the spot.
    private mutating func parseIncludeDir(_ line: inout OptionLine) throws(ConfigurationError) {
        guard !isInIncludedFile else {
            throw ConfigurationError(
                "Error: The include_dir option is only valid in the main configuration file."
            )
        }
        let directory = line.verbatim()
        guard !directory.isEmpty else { throw line.empty() }
        guard let names = source.entries(ofDirectory: directory) else {
            throw ConfigurationError("Error: Unable to open include_dir '\(directory)'.")
        }
        let files = names.filter { $0.utf8.count > 5 && $0.hasSuffix(".conf") }
        for name in files.sorted(by: Self.includesBefore) {
            try parse(includedFile: "\(directory)/\(name)")
        }
    }

    /// The order of included files: letters without regard to case, then capitals first.
    static func includesBefore(_ left: String, _ right: String) -> Bool {
        func keys(_ name: String) -> [UInt16] {
            name.utf8.map { byte in
                let capital = (0x61...0x7A).contains(byte) ? byte - 0x20 : byte
                return UInt16(capital) << 8 | UInt16(byte)
            }
        }
        return keys(left).lexicographicallyPrecedes(keys(right))
    }

    // MARK: Bridges

    /// `connection <name>`: opens a section.
    private mutating func parseConnection(_ line: inout OptionLine) throws(ConfigurationError) {
        let name = try line.word()
        guard bridgeNames.insert(name).inserted else {
            throw ConfigurationError("Error: Duplicate bridge name '\(name)'.")
        }
        configuration.bridges.append(BridgeConfiguration(name: name))
        context.bridge = configuration.bridges.count - 1
        notePlace(of: line, section: Context(bridge: context.bridge))
    }

    /// An option of the current bridge.
    mutating func parseBridgeOption(
        _ setting: Setting<BridgeConfiguration>,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        guard let index = context.bridge else {
            throw ConfigurationError(
                "Error: The '\(line.name)' option requires a bridge to be defined first."
            )
        }
        noteOccurrence(&line, section: Context(bridge: index))
        let known = configuration.bridges[index].addresses.count
        try Self.apply(setting, to: &configuration.bridges[index], &line)
        for address in configuration.bridges[index].addresses.dropFirst(known)
        where address.transport != .unix {
            guard let reason = source.resolutionFailure(of: address.host) else { continue }
            line.warn("Warning: Unable to resolve bridge address '\(address.host)': \(reason).")
        }
    }

    // MARK: Plugins

    /// `plugin <path>` and `global_plugin <path>`: the plugin is the current one afterwards.
    private mutating func parsePlugin(_ line: inout OptionLine) throws(ConfigurationError) {
        var scope = PluginConfiguration.Scope.global
        if line.name != "global_plugin" {
            hasSecurityOption = true
            if configuration.perListenerSettings {
                try requireListener(.required, &line)
                scope = .listeners([currentListenerIndex])
            }
        }
        addPlugin(PluginConfiguration(path: try line.string(), scope: scope), line)
    }

    /// `plugin_load <name> <path>`: attached by `plugin_use` only.
    private mutating func parsePluginLoad(_ line: inout OptionLine) throws(ConfigurationError) {
        let name = try line.word()
        guard !configuration.plugins.contains(where: { $0.name == name }) else {
            throw ConfigurationError("Error: Duplicate plugin name '\(name)'.")
        }
        let path = line.trimmedText()
        guard !path.isEmpty else {
            throw ConfigurationError("Error: Missing plugin path for plugin name '\(name)'.")
        }
        addPlugin(PluginConfiguration(name: name, path: path, scope: .listeners([])), line)
    }

    /// `plugin_use <name>`: attaches a loaded plugin to the current listener.
    private mutating func parsePluginUse(_ line: inout OptionLine) throws(ConfigurationError) {
        try requireListener(.explicit, &line)
        let name = try line.string()
        guard let index = configuration.plugins.firstIndex(where: { $0.name == name }) else {
            let known = configuration.plugins.compactMap(\.name)
            let question = Suggestion.question(about: name, among: known)
            throw ConfigurationError("Error: Plugin '\(name)' not previously loaded.\(question)")
        }
        guard case .listeners(let listeners) = configuration.plugins[index].scope,
            !listeners.contains(currentListenerIndex)
        else { return }
        configuration.plugins[index].scope = .listeners(listeners + [currentListenerIndex])
    }

    /// An option of the current plugin that is meant for the broker.
    private mutating func parsePluginSetting(
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        let index = try requirePlugin(line)
        if line.name == "plugin_symbols" {
            let word = try line.word()
            guard let symbols = PluginConfiguration.Symbols(rawValue: word) else {
                throw line.invalid(
                    word,
                    known: PluginConfiguration.Symbols.allCases.map(\.rawValue)
                )
            }
            configuration.plugins[index].symbols = symbols
        } else {
            configuration.plugins[index].denySpecialChars = try line.bool()
        }
    }

    /// `plugin_opt_<key> <value>`: an option the current plugin is given.
    private mutating func parsePluginOption(
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        let index = try requirePlugin(line)
        let prefix = line.name.hasPrefix("auth_opt_") ? "auth_opt_" : "plugin_opt_"
        let key = String(line.name.dropFirst(prefix.count))
        guard !key.isEmpty else {
            throw ConfigurationError("Error: Invalid 'plugin_opt_' config option.")
        }
        let value = line.verbatim(droppingTabs: true)
        guard !value.isEmpty else { throw line.empty(key) }
        var option = PluginConfiguration.Option(key: key, value: value)
        option.place = OptionPlace(file: place.file, line: place.line)
        configuration.plugins[index].options.append(option)
    }

    /// The position of the current plugin.
    private func requirePlugin(_ line: OptionLine) throws(ConfigurationError) -> Int {
        guard let index = context.plugin else {
            let needs = "requires plugin/global_plugin/plugin_load to be defined first."
            throw ConfigurationError("Error: The '\(line.name)' option \(needs)")
        }
        return index
    }

    /// Adds a plugin with its place and makes it the current one.
    private mutating func addPlugin(_ plugin: PluginConfiguration, _ line: OptionLine) {
        var plugin = plugin
        plugin.file = place.file
        plugin.line = place.line
        plugin.isolation = isolationDefault
        configuration.plugins.append(plugin)
        context.plugin = configuration.plugins.count - 1
    }

    /// The position of the current listener; the default listener is -1 until `finish`.
    private var currentListenerIndex: Int {
        guard case .listener(let index) = context.listener else { return -1 }
        return index
    }
}
