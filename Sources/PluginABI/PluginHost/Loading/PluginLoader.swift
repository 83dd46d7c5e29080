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
        useOurMemoryForJSON()
        do throws(LoadError) {
            for plugin in configuration.plugins where !plugin.isUnused {
                try load(plugin, isBuiltIn: false)
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

    private func end(_ plugin: LoadedPlugin) {
        let options = plugin.options
        switch plugin.interface {
        case .current(_, let cleanup):
            _ = cleanup?(plugin.userData, options.start, options.count)
        case .legacy(let legacy):
            if legacy.hasSecurity {
                _ = legacy.securityCleanup(legacy.userData, options.start, options.count, false)
            }
            _ = legacy.cleanUp(legacy.userData, options.start, options.count)
        }
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
        let plugin = try open(library, configuration, isBuiltIn: isBuiltIn)
        append(plugin)
        let code = initialise(plugin)
        ProcessSignals.retake()
        if code != 0 {
            // Nothing of it may be called any more, not even its cleanup.
            registry.removeAll(of: plugin)
            remove(plugin)
            throw initialisationFailure(plugin, code, mention: configuration.mention)
        }
        if let name = plugin.name {
            let version = plugin.version.map { " version \($0)" } ?? ""
            log.info("Plugin \(name)\(version) loaded.")
        }
    }

    private func open(
        _ library: PluginLibrary,
        _ configuration: PluginConfiguration,
        isBuiltIn: Bool
    ) throws(LoadError) -> LoadedPlugin {
        let threadSafety = library.symbol(
            "mosquitto_plugin_thread_safe",
            as: PluginInterface.ThreadSafe.self
        )
        do throws(PluginInterface.Refusal) {
            return LoadedPlugin(
                configuration,
                interface: try PluginInterface(
                    library,
                    deniesSpecialCharacters: configuration.denySpecialChars
                ),
                isBuiltIn: isBuiltIn,
                threadSafety: threadSafety?() ?? 0
            )
        } catch {
            throw LoadError(error, configuration)
        }
    }

    private func initialise(_ plugin: LoadedPlugin) -> CInt {
        let options = plugin.options
        switch plugin.interface {
        case .current(let initialise, _):
            return initialise(
                OpaquePointer(plugin.identifier),
                &plugin.userData,
                options.start,
                options.count
            )
        case .legacy(let legacy):
            legacy.logAbilities(log)
            legacy.options = options
            legacy.log = log
            let code = legacy.initialise(&legacy.userData, options.start, options.count)
            if code != 0 { return code }
            // The plugin itself keeps the wrapper's data alive.
            let wrapped = Unmanaged.passUnretained(legacy).toOpaque()
            for (event, function) in legacy.callbacks {
                _ = register(plugin, event, function, topic: nil, wrapped)
            }
            return 0
        }
    }

    private func initialisationFailure(
        _ plugin: LoadedPlugin,
        _ code: CInt,
        mention: String
    ) -> LoadError {
        let kind =
            switch plugin.interface {
            case .current: "Plugin"
            case .legacy: "Authentication plugin"
            }
        var lines: [String] = []
        if loadedPlugins.contains(where: { $0.path == plugin.path }) {
            lines.append(
                "Error: \(plugin.path) is loaded a second time. Load it once, by 'plugin_load NAME PATH',"
                    + " and say 'plugin_use NAME' at each listener that it is for\(mention)."
            )
        }
        lines.append("Error: \(kind) returned \(code) when initialising: \(plugin.path)\(mention).")
        return LoadError(lines: lines, exitCode: code)
    }

    /// Begins the security of legacy plugins, after all plugins are initialised.
    private func beginSecurity() throws(LoadError) {
        for plugin in loadedPlugins {
            guard case .legacy(let legacy) = plugin.interface else { continue }
            let options = plugin.options
            let code = legacy.securityInit(legacy.userData, options.start, options.count, false)
            legacy.hasSecurity = true
            if code != 0 {
                throw LoadError(
                    lines: [
                        "Error: Authentication plugin returned \(code) when initialising security."
                    ],
                    exitCode: code
                )
            }
        }
    }

    /// cJSON trees go back and forth between broker and plugins: one allocator for all of them.
    private func useOurMemoryForJSON() {
        var hooks = cJSON_Hooks(
            malloc_fn: { mosquitto_malloc($0) },
            free_fn: { mosquitto_free($0) }
        )
        cJSON_InitHooks(&hooks)
    }
}
