// SPDX-License-Identifier: Apache-2.0
// `password_file` and `acl_file`: our own plugins in their place.

import Config
import Glibc

/// The options that stand for one of our own plugins.
enum BuiltInSecurity {
    private static let passwordFile = "password_file"
    private static let aclFile = "acl_file"

    /// The plugins that the security options of a configuration ask for.
    static func plugins(of configuration: Configuration) -> [PluginConfiguration] {
        var result = plugins(of: configuration.security, scope: .global) {
            configuration.places[$0, .general]
        }
        if configuration.perListenerSettings { result = [] }
        for (index, listener) in configuration.listeners.enumerated()
        where configuration.perListenerSettings {
            result += plugins(of: listener.security, scope: .listeners([index])) {
                configuration.places[$0, .listener(index)]
            }
        }
        return result
    }

    private static func plugins(
        of security: SecurityConfiguration,
        scope: PluginConfiguration.Scope,
        place: (String) -> OptionPlace?
    ) -> [PluginConfiguration] {
        [(passwordFile, security.passwordFile), (aclFile, security.aclFile)].compactMap {
            option,
            path in
            path.map { path in
                var plugin = PluginConfiguration(path: libraryPath(option), scope: scope)
                var setting = PluginConfiguration.Option(key: option, value: path)
                setting.place = place(option)
                plugin.options = [setting]
                return plugin
            }
        }
    }

    /// Where our plugin of a name is: `../lib/mosquitto/` beside the installed executable, or the
    /// folder it was built in.
    private static func libraryPath(_ name: String) -> String {
        let folder = executableFolder
        let candidates = [
            "\(folder)/../lib/mosquitto/mosquitto_\(name).so", "\(folder)/libmosquitto_\(name).so",
            "\(folder)/mosquitto_\(name).so",
        ]
        return candidates.first { access($0, R_OK) == 0 } ?? candidates[0]
    }

    private static var executableFolder: String {
        guard let path = realpath("/proc/self/exe", nil) else { return "." }
        defer { free(path) }
        let text = String(cString: path)
        guard let slash = text.lastIndex(of: "/") else { return "." }
        return String(text[..<slash])
    }
}

extension LoadedPlugin {
    /// Where it is asked.
    var scope: PluginConfiguration.Scope {
        listeners.map { .listeners($0) } ?? .global
    }
}
