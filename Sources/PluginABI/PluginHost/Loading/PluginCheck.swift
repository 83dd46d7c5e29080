// SPDX-License-Identifier: Apache-2.0
// Plugins and their options, looked at without setting a plugin up.

import CBrokerShims
import CMosquitto
package import Config
package import Log
import Results

/// Checks the plugins of a configuration without setting one up.
package enum PluginCheck {
    /// What is wrong with libraries, options and the files those name; what is no error is logged.
    ///
    /// Libraries are opened, so their constructors run; of a plugin's functions only those are called
    /// that say which interface it speaks, which options it knows, and what it thinks of them.
    package static func mistakes(
        in configuration: Configuration,
        log: Log
    ) -> [ConfigurationError] {
        var errors: [ConfigurationError] = []
        for plugin in configuration.plugins where !plugin.isUnused {
            errors += mistakes(in: plugin, isBuiltIn: false, log)
        }
        for plugin in BuiltInSecurity.plugins(of: configuration) {
            errors += mistakes(in: plugin, isBuiltIn: true, log)
        }
        return errors
    }

    private static func mistakes(
        in plugin: PluginConfiguration,
        isBuiltIn: Bool,
        _ log: Log
    ) -> [ConfigurationError] {
        do throws(PluginHost.LoadError) {
            let library = try PluginLibrary(plugin, isBuiltIn: isBuiltIn)
            do throws(PluginInterface.Refusal) {
                _ = try PluginInterface(
                    library,
                    deniesSpecialCharacters: plugin.denySpecialChars
                )
            } catch {
                throw PluginHost.LoadError(error, plugin)
            }
            let unknown = library.unknownOptions(of: plugin)
            guard unknown.isEmpty else {
                return [ConfigurationError(unknown, exitCode: ResultCode.invalid)]
            }
            return library.findings(about: plugin, log)
        } catch {
            return [ConfigurationError(error.lines, exitCode: error.exitCode)]
        }
    }
}

extension PluginLibrary {
    private typealias OptionNames = @convention(c) () -> UnsafePointer<UnsafePointer<CChar>?>?
    private typealias CheckOptions =
        @convention(c) (
            UnsafePointer<mosquitto_opt>?, CInt, MOSQ_FUNC_plugin_finding?, UnsafeMutableRawPointer?
        ) -> Void

    /// A line for each option that the plugin does not know; none if it does not say which it knows.
    func unknownOptions(of plugin: PluginConfiguration) -> [String] {
        guard let names = symbol("mosquitto_plugin_option_names", as: OptionNames.self)?() else {
            return []
        }
        var known: [String] = []
        while let name = names[known.count] { known.append(String(cString: name)) }
        let lowercased = Set(known.map { $0.lowercased() })
        return plugin.options.filter { !lowercased.contains($0.key.lowercased()) }.map { option in
            let question = Suggestion.nearest(to: option.key, among: known).map {
                " Did you mean 'plugin_opt_\($0)'?"
            }
            return "Error: Plugin \"\(plugin.path)\" has no option 'plugin_opt_\(option.key)'"
                + (option.place.map { " (plugin_opt_\(option.key) at \($0))" } ?? "") + "."
                + (question ?? "")
        }
    }

    /// What the plugin says of its options and their files; what is no error is logged.
    fileprivate func findings(
        about plugin: PluginConfiguration,
        _ log: Log
    ) -> [ConfigurationError] {
        guard let check = symbol("mosquitto_plugin_check_options", as: CheckOptions.self) else {
            return []
        }
        let findings = Findings()
        let options = OptionArray(plugin.options)
        check(
            options.start,
            options.count,
            { userData, result, option, text in
                guard let userData, let text else { return }
                Unmanaged<Findings>.fromOpaque(userData).takeUnretainedValue().all.append(
                    (result, option.map { String(cString: $0) }, String(cString: text))
                )
            },
            Unmanaged.passUnretained(findings).toOpaque()
        )
        var errors: [ConfigurationError] = []
        for (code, key, text) in findings.all {
            let option = plugin.options.last { $0.key == key }
            let place = option?.place.map { " (\(plugin.nameOfOption(key)) at \($0))" }
            let line = OptionPlaces.line(text, place ?? plugin.mention)
            if code == ResultCode.success {
                log.warning(line)
            } else {
                errors.append(ConfigurationError([line], exitCode: code))
            }
        }
        return errors
    }
}

/// What a plugin has found; outlives the call that fills it.
private final class Findings {
    var all: [(code: CInt, option: String?, text: String)] = []
}

extension PluginConfiguration {
    /// How the file names an option: as itself where it stands for a plugin of ours.
    fileprivate func nameOfOption(_ key: String?) -> String {
        guard let key else { return "plugin" }
        return file.isEmpty ? key : "plugin_opt_\(key)"
    }
}

extension PluginHost.LoadError {
    /// A library that is no plugin.
    init(_ refusal: PluginInterface.Refusal, _ plugin: PluginConfiguration) {
        var lines = refusal.lines
        if !plugin.mention.isEmpty, let last = lines.popLast() {
            lines.append(OptionPlaces.line(last, ": \(plugin.path)\(plugin.mention)"))
        }
        self.init(lines: lines, exitCode: ResultCode.unknown)
    }
}
