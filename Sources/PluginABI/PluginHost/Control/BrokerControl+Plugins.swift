// SPDX-License-Identifier: Apache-2.0
// What `$CONTROL/broker/v1` says about plugins.

import CcJSON
import Config
import Core
import Synchronization

extension BrokerControl {
    /// Plugins that have said who they are, and those with a process of their own, whatever they are called.
    static func plugins(of host: PluginHost) -> JSON? {
        guard let data = cJSON_CreateObject(), let array = cJSON_AddArrayToObject(data, "plugins")
        else { return nil }
        for plugin in host.loadedPlugins {
            let name = plugin.isolated == nil ? plugin.name : plugin.displayName
            guard let name, let entry = cJSON_CreateObject() else { continue }
            _ = cJSON_AddStringToObject(entry, "name", name)
            if let version = plugin.version {
                _ = cJSON_AddStringToObject(entry, "version", version)
            }
            if let index = plugin.listeners?.first {
                let port = host.broker.settings.listeners[index].configuration.port
                _ = cJSON_AddNumberToObject(entry, "port", Double(port))
            }
            let topics = plugin.controlTopics
            if !topics.isEmpty, let list = cJSON_AddArrayToObject(entry, "control-endpoints") {
                for topic in topics { cJSON_AddItemToArray(list, cJSON_CreateString(topic)) }
            }
            if let isolated = plugin.isolated { add(isolated, to: entry) }
            cJSON_AddItemToArray(array, entry)
        }
        return data
    }

    /// How the process of a plugin is, and how the last one has ended.
    private static func add(_ isolated: IsolatedPlugin, to entry: JSON) {
        guard let process = cJSON_AddObjectToObject(entry, "process") else { return }
        let figures = isolated.figures
        let state = figures.state
        _ = cJSON_AddStringToObject(process, "state", state.rawValue)
        let pid = figures.pid.load(ordering: .relaxed)
        if pid != 0 { _ = cJSON_AddNumberToObject(process, "pid", Double(pid)) }
        func add(_ name: String, _ number: Int) {
            _ = cJSON_AddNumberToObject(process, name, Double(number))
        }
        add("restarts", figures.restarts.load(ordering: .relaxed))
        add("pending", isolated.pendingCount)
        add("memory", figures.memoryBytes.load(ordering: .relaxed))
        add("failed-answers", figures.failedAnswers.load(ordering: .relaxed))
        if isolated.isFailing.load(ordering: .relaxed) {
            let failure = isolated.configuration.isolation.failure.rawValue
            _ = cJSON_AddStringToObject(process, "answers-as", failure)
        }
        guard let end = figures.lastEnd else { return }
        _ = cJSON_AddStringToObject(process, "last-end", end.reason)
        _ = cJSON_AddStringToObject(process, "last-end-at", Timestamp.text(end.at))
        guard case .waiting = state else { return }
        _ = cJSON_AddStringToObject(process, "next-start", Timestamp.text(end.nextAt))
    }
}
