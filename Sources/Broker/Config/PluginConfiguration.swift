// SPDX-License-Identifier: Apache-2.0
// The configuration of one plugin.

/// The configuration of one plugin.
package struct PluginConfiguration: Sendable, Equatable {
    /// One `plugin_opt_` line: the key without prefix, and the value.
    package struct Option: Sendable, Equatable {
        /// The key without `plugin_opt_`.
        package let key: String
        /// The value as written.
        package let value: String

        /// Where it stands; nil if no line of a file says it.
        package var place: OptionPlace?

        /// Options are the same wherever they stand.
        package static func == (left: Option, right: Option) -> Bool {
            left.key == right.key && left.value == right.value
        }

        /// Makes an option.
        package init(key: String, value: String) {
            self.key = key
            self.value = value
        }
    }

    /// Where the plugin is asked.
    package enum Scope: Sendable, Equatable {
        /// For every client.
        case global
        /// For clients of the listeners at these positions of `Configuration.listeners`; empty after
        /// `plugin_load` without `plugin_use`.
        case listeners([Int])
    }

    /// How the plugin's symbols are seen by others.
    package enum Symbols: String, Sendable, CaseIterable {
        /// RTLD_GLOBAL without RTLD_DEEPBIND: what embedded interpreters need.
        case global
        /// RTLD_LOCAL.
        case local
    }

    /// The name given by `plugin_load`; nil for the other forms.
    package var name: String?
    /// The path of the shared object.
    package var path: String
    /// Where the plugin is asked.
    package var scope: Scope
    /// The options in the order of the file, repeats included.
    package var options: [Option] = []
    /// Whether names with `+`, `#` or `/` are denied (plugin interface 2 to 4 only).
    package var denySpecialChars = true
    /// The symbol visibility asked for; nil lets the broker decide.
    package var symbols: Symbols?
    /// Whether it runs in a process of its own.
    package var isolation = PluginIsolation()
    /// The file the plugin is declared in.
    package var file = ""
    /// The line it is declared on, from 1.
    package var line = 0

    /// A plugin without options.
    package init(name: String? = nil, path: String, scope: Scope = .global) {
        self.name = name
        self.path = path
        self.scope = scope
    }

    /// What an error line about the plugin ends in: ` (plugin at mosquitto.conf:3)`; empty without a place.
    ///
    /// A plugin of ours that stands for an option has the place of that.
    package var mention: String {
        if !file.isEmpty { return " (plugin at \(file):\(line))" }
        guard let option = options.first, let place = option.place else { return "" }
        return " (\(option.key) at \(place))"
    }

    /// Whether it runs in a process of its own.
    package var isIsolated: Bool { isolation.mode == .process }

    /// Whether the plugin was declared with `plugin_load` and never used.
    package var isUnused: Bool { scope == .listeners([]) }
}
