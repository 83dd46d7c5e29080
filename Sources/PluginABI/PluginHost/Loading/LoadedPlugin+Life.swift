// SPDX-License-Identifier: Apache-2.0
// The life of a plugin in the process that runs it: opened, set up, ended.

import CMosquitto
import Config
import Glibc
import Log
import Results

extension LoadedPlugin {
    /// Finds out what a library is, and looks up what it has.
    static func open(
        _ library: PluginLibrary,
        _ configuration: PluginConfiguration,
        isBuiltIn: Bool
    ) throws(PluginHost.LoadError) -> LoadedPlugin {
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
            throw PluginHost.LoadError(error, configuration)
        }
    }

    /// Sets the plugin up; returns what its function returned, a `MOSQ_ERR_*`.
    func initialise(_ host: any HostServices) -> CInt {
        switch interface {
        case .current(let initialise, _):
            return initialise(
                OpaquePointer(identifier),
                &userData,
                options.start,
                options.count
            )
        case .legacy(let legacy):
            for line in legacy.abilities { host.log(.information, line) }
            legacy.options = options
            let code = legacy.initialise(&legacy.userData, options.start, options.count)
            if code != 0 { return code }
            // The plugin itself keeps the wrapper's data alive.
            let wrapped = Unmanaged.passUnretained(legacy).toOpaque()
            for (event, function) in legacy.callbacks {
                _ = host.register(self, event, function, topic: nil, wrapped)
            }
            return 0
        case nil: preconditionFailure("set up in its own process")
        }
    }

    /// What to say when it could not be set up.
    func failure(_ code: CInt, isSecond: Bool, mention: String) -> PluginHost.LoadError {
        let kind =
            switch interface {
            case .current, nil: "Plugin"
            case .legacy: "Authentication plugin"
            }
        var lines: [String] = []
        if isSecond {
            lines.append(
                "Error: \(path) is loaded a second time. Load it once, by 'plugin_load NAME PATH',"
                    + " and say 'plugin_use NAME' at each listener that it is for\(mention)."
            )
        }
        lines.append("Error: \(kind) returned \(code) when initialising: \(path)\(mention).")
        return PluginHost.LoadError(lines: lines, exitCode: code)
    }

    /// Begins the security of a legacy plugin.
    func beginSecurity() throws(PluginHost.LoadError) {
        guard case .legacy(let legacy) = interface else { return }
        let code = legacy.securityInit(legacy.userData, options.start, options.count, false)
        legacy.hasSecurity = true
        if code != 0 {
            throw PluginHost.LoadError(
                lines: [
                    "Error: Authentication plugin returned \(code) when initialising security."
                ],
                exitCode: code
            )
        }
    }

    /// Ends the plugin, which stays in the process.
    func cleanUp() {
        switch interface {
        case .current(_, let cleanup):
            _ = cleanup?(userData, options.start, options.count)
        case .legacy(let legacy):
            if legacy.hasSecurity {
                _ = legacy.securityCleanup(legacy.userData, options.start, options.count, false)
            }
            _ = legacy.cleanUp(legacy.userData, options.start, options.count)
        case nil: break
        }
    }
}
