// SPDX-License-Identifier: Apache-2.0
// From a line of the configuration to a plugin that is initialised, and its end.

import CBrokerShims
import CMosquitto
import CcJSON
package import Config
import Core
import Glibc
import Log
import Net
import Results

extension PluginHost {
    /// Loads and initialises everything the configuration names: first its plugins in their order,
    /// then the built-in files.
    ///
    /// On the plugin thread, before any reactor runs. When one fails, those before it are ended.
    package func load(_ configuration: Configuration) throws(LoadError) {
        install()
        Self.useOurMemoryForJSON()
        do throws(LoadError) {
            try startKeeper()
            for plugin in configuration.plugins where !plugin.isUnused {
                if plugin.isIsolated {
                    try loadIsolated(plugin)
                } else {
                    try load(plugin, isBuiltIn: false)
                }
            }
            try beginSecurity()
            for plugin in BuiltInSecurity.plugins(of: configuration) {
                try load(plugin, isBuiltIn: true)
            }
        } catch {
            unload()
            throw error
        }
    }

    /// Ends every plugin, in the order they were loaded.
    ///
    /// On the plugin thread, after all reactors.
    package func unload() {
        ProcessSignals.forgetOthers()
        for plugin in loadedPlugins { end(plugin) }
        helpers?.keeper.stop()
        uninstall()
    }

    /// Brings in the built-in files that a reload has added, and ends those it has taken away.
    ///
    /// On the plugin thread.
    func renewBuiltIns(_ configuration: Configuration) {
        var wanted = BuiltInSecurity.plugins(of: configuration)
        for plugin in loadedPlugins where plugin.isBuiltIn {
            let place = wanted.firstIndex { $0.path == plugin.path && $0.scope == plugin.scope }
            if let place {
                plugin.reloadOptions = OptionArray(wanted.remove(at: place).options)
            } else {
                end(plugin)
            }
        }
        for plugin in wanted {
            do throws(LoadError) {
                try load(plugin, isBuiltIn: true)
            } catch {
                for line in error.lines { log.error(line) }
            }
        }
    }

    private func startKeeper() throws(LoadError) {
        do throws(SystemError) {
            try helpers?.keeper.start(self)
        } catch {
            throw LoadError(lines: ["Error: Unable to start: \(error)"], exitCode: 1)
        }
    }

    private func end(_ plugin: LoadedPlugin) {
        if plugin.isolated != nil { stopIsolated(plugin) } else { plugin.cleanUp() }
        registry.removeAll(of: plugin)
        remove(plugin)
        logFigures(of: plugin)
    }

    private func logFigures(of plugin: LoadedPlugin) {
        guard log.isEnabled(.debug) else { return }
        for figures in plugin.statistics.figures {
            let mean = figures.nanoseconds / figures.calls / 1000
            log.debug(
                "Plugin \(plugin.displayName): '\(figures.event)' \(figures.calls) calls,"
                    + " \(figures.errors) errors, \(mean) µs each."
            )
        }
    }

    // MARK: One plugin

    private func load(
        _ configuration: PluginConfiguration,
        isBuiltIn: Bool
    ) throws(LoadError) {
        log.info("Loading plugin: \(configuration.path)")
        let library = try PluginLibrary(configuration, isBuiltIn: isBuiltIn)
        let unknown = library.unknownOptions(of: configuration)
        guard unknown.isEmpty else {
            throw LoadError(lines: unknown, exitCode: ResultCode.invalid)
        }
        let plugin = try LoadedPlugin.open(library, configuration, isBuiltIn: isBuiltIn)
        append(plugin)
        let code = plugin.initialise(self)
        ProcessSignals.retake()
        if code != 0 {
            // Nothing of it may be called any more, not even its cleanup.
            registry.removeAll(of: plugin)
            remove(plugin)
            let isSecond = loadedPlugins.contains { $0.path == plugin.path }
            throw plugin.failure(code, isSecond: isSecond, mention: configuration.mention)
        }
        if let name = plugin.name {
            let version = plugin.version.map { " version \($0)" } ?? ""
            log.info("Plugin \(name)\(version) loaded.")
        }
    }

    /// Begins the security of legacy plugins, after all plugins are initialised.
    private func beginSecurity() throws(LoadError) {
        for plugin in loadedPlugins { try plugin.beginSecurity() }
    }

    /// cJSON trees go back and forth between broker and plugins: one allocator for all of them.
    static func useOurMemoryForJSON() {
        var hooks = cJSON_Hooks(
            malloc_fn: { mosquitto_malloc($0) },
            free_fn: { mosquitto_free($0) }
        )
        cJSON_InitHooks(&hooks)
    }
}
