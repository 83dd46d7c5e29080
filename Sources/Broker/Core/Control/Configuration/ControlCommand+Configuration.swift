// SPDX-License-Identifier: Apache-2.0
// getConfiguration.

import Config
import JSON

extension ControlCommand {
    /// What the broker was told in files.
    static let configuration: [ControlCommand] = [
        ControlCommand("getConfiguration") { call throws(ControlFailure) in
            call.answer(ConfigurationReport(call.broker.settings.configuration).data)
        }
    ]
}

/// The options in force, as an answer has them.
private struct ConfigurationReport {
    private let configuration: Configuration

    init(_ configuration: Configuration) { self.configuration = configuration }

    var data: JSONValue {
        var data = JSONMembers()
        data.add("options", options(in: .general))
        let listeners = configuration.listeners.enumerated().map { index, listener in
            var entry = JSONMembers()
            entry.add("listener", String(listener.title.dropFirst("listener ".count)))
            entry.add("options", options(in: .listener(index)))
            return entry.object
        }
        data.add("listeners", .array(listeners))
        let bridges = configuration.bridges.enumerated().map { index, bridge in
            var entry = JSONMembers()
            entry.add("connection", bridge.name)
            entry.add("options", options(in: .bridge(index)))
            return entry.object
        }
        if !bridges.isEmpty { data.add("bridges", .array(bridges)) }
        let plugins = configuration.plugins.map(entry)
        if !plugins.isEmpty { data.add("plugins", .array(plugins)) }
        return data.object
    }

    private func options(in section: OptionPlaces.Section) -> JSONValue {
        .array(
            configuration.options(in: section).map { option in
                Self.entry(option.name, option.value, option.place)
            }
        )
    }

    /// What plugins are told may be secret, so it is not shown.
    private func entry(_ plugin: PluginConfiguration) -> JSONValue {
        var entry = JSONMembers()
        entry.add("plugin", plugin.path)
        entry.add("name", plugin.name)
        entry.add("place", OptionPlace(file: plugin.file, line: plugin.line).description)
        let options = plugin.options.map { Self.entry("plugin_opt_\($0.key)", nil, $0.place) }
        entry.add("options", .array(options))
        return entry.object
    }

    private static func entry(_ name: String, _ value: String?, _ place: OptionPlace?) -> JSONValue
    {
        var entry = JSONMembers()
        entry.add("name", name)
        if let value { entry.add("value", value) } else { entry.add("is-secret", true) }
        entry.add("place", place?.description)
        return entry.object
    }
}
