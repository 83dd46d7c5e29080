// SPDX-License-Identifier: Apache-2.0
// What `$CONTROL/broker/v1` says about plugins.

import Config
import Core
import JSON
import Synchronization

extension PluginHost {
    /// The commands about plugins.
    var controlCommands: [ControlCommand] {
        [
            ControlCommand("listPlugins", isOpen: true) {
                [unowned self] call throws(ControlFailure) in
                let plugins = loadedPlugins.compactMap(entry)
                var data = JSONMembers()
                data.add("plugins", .array(plugins))
                data.add("waiting", lane.waitingCount)
                call.answer(data.object)
            }
        ]
    }

    /// A plugin that has said who it is, or has a process of its own, whatever it is called.
    private func entry(_ plugin: LoadedPlugin) -> JSONValue? {
        guard let name = plugin.isolated == nil ? plugin.name : plugin.displayName else {
            return nil
        }
        var entry = JSONMembers()
        entry.add("name", name)
        entry.add("version", plugin.version)
        if let index = plugin.listeners?.first {
            entry.add("port", broker.settings.listeners[index].configuration.port)
        }
        let topics = plugin.controlTopics
        if !topics.isEmpty { entry.add("control-endpoints", topics) }
        if let isolated = plugin.isolated { entry.add("process", process(isolated)) }
        let events = plugin.statistics.figures.filter { $0.calls > 0 }
        entry.add("calls", events.reduce(0) { $0 + $1.calls })
        entry.add("errors", events.reduce(0) { $0 + $1.errors })
        entry.add("slow-calls", events.reduce(0) { $0 + $1.slowCalls })
        entry.add("events", .array(events.map(Self.report)))
        return entry.object
    }

    /// What an event has taken.
    private static func report(_ event: CallbackStatistics.Figures) -> JSONValue {
        var entry = JSONMembers()
        entry.add("event", event.event)
        entry.add("calls", event.calls)
        entry.add("errors", event.errors)
        entry.add("slow-calls", event.slowCalls)
        entry.add("microseconds", Int(event.nanoseconds / 1000))
        return entry.object
    }

    /// How the process of a plugin is, and how the last one has ended.
    private func process(_ isolated: IsolatedPlugin) -> JSONValue {
        var process = JSONMembers()
        let figures = isolated.figures
        let state = figures.state
        process.add("state", state.rawValue)
        let pid = figures.pid.load(ordering: .relaxed)
        if pid != 0 { process.add("pid", Int(pid)) }
        process.add("restarts", figures.restarts.load(ordering: .relaxed))
        process.add("pending", isolated.pendingCount)
        process.add("memory", figures.memoryBytes.load(ordering: .relaxed))
        process.add("failed-answers", figures.failedAnswers.load(ordering: .relaxed))
        if isolated.isFailing.load(ordering: .relaxed) {
            process.add("answers-as", isolated.configuration.isolation.failure.rawValue)
        }
        guard let end = figures.lastEnd else { return process.object }
        process.add("last-end", end.reason)
        process.add("last-end-at", Timestamp.text(end.at))
        if case .waiting = state { process.add("next-start", Timestamp.text(end.nextAt)) }
        return process.object
    }
}
