// SPDX-License-Identifier: Apache-2.0
// The callbacks that a plugin registers in its own process, as the broker's registry knows them.

import Config
import Log
import Results

/// The callbacks that a plugin registers in its own process, as the broker's registry knows them.
///
/// While a process runs, its registrations count at once. Those of its predecessor stay until the new one
/// is set up: what is asked meanwhile waits for the plugin and does not pass it by. As a plugin registers
/// in the same order each time, its callbacks have the same numbers again.
struct RemoteRegistrations {
    /// One callback.
    struct Registration: Hashable {
        let event: PluginEvent
        let number: UInt32
        let topic: String?
    }

    private var known: Set<Registration> = []
    /// What the process under way has registered while it was being set up.
    private var fresh: Set<Registration>?

    /// Another process begins.
    mutating func begin() {
        fresh = []
    }

    /// It is set up: what it has not registered again is no more.
    mutating func settle(_ plugin: LoadedPlugin, _ host: PluginHost) {
        for old in known.subtracting(fresh ?? []) {
            host.registry.remove(plugin, old.event, remote: old.number)
            if let topic = old.topic { plugin.removeControlTopic(topic) }
        }
        known = fresh ?? []
        fresh = nil
    }

    /// A callback was registered.
    mutating func add(_ event: CInt, _ number: UInt32, _ plugin: LoadedPlugin, _ host: PluginHost) {
        guard let event = PluginEvent(rawValue: event), !event.isPersistence else { return }
        let isNew = note(Registration(event: event, number: number, topic: nil))
        guard isNew else { return }
        // Ticks are the process's own affair.
        if event != .tick { host.registry.add(plugin, event, remote: number) }
        let name = plugin.name.map { " \($0)" } ?? ""
        host.log.info("Plugin\(name) has registered to receive '\(event.name)' events.")
    }

    /// A callback for a `$CONTROL` topic is registered, or taken back.
    mutating func control(
        _ topic: String,
        _ number: UInt32?,
        _ plugin: LoadedPlugin,
        _ host: PluginHost
    ) -> CInt {
        guard let number else {
            let all = known.union(fresh ?? [])
            guard let old = all.first(where: { $0.topic == topic }) else {
                return ResultCode.notFound
            }
            remove(old.number, plugin, host)
            plugin.removeControlTopic(topic)
            return ResultCode.success
        }
        let registration = Registration(event: .control, number: number, topic: topic)
        if known.contains(registration) {
            _ = note(registration)
            return ResultCode.success
        }
        let code = host.registerControl(plugin, topic: topic, remote: number)
        if code == ResultCode.success { _ = note(registration) }
        return code
    }

    /// A callback was taken back.
    mutating func remove(_ number: UInt32, _ plugin: LoadedPlugin, _ host: PluginHost) {
        for old in known.union(fresh ?? []) where old.number == number {
            host.registry.remove(plugin, old.event, remote: number)
        }
        known = known.filter { $0.number != number }
        fresh = fresh?.filter { $0.number != number }
    }

    /// Whether it was not there before.
    private mutating func note(_ registration: Registration) -> Bool {
        fresh?.insert(registration)
        if fresh == nil { return known.insert(registration).inserted }
        return !known.contains(registration)
    }
}
