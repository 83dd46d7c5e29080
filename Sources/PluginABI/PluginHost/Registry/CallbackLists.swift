// SPDX-License-Identifier: Apache-2.0
// The callback lists that registration appends to.

import MQTT

/// The callback lists that registration appends to.
struct CallbackLists: Sendable {
    private struct Key: Hashable {
        let event: PluginEvent
        let listener: Int?
    }

    private var lists: [Key: [Callback]] = [:]
    /// By exact topic.
    var control: [ExactText: Callback] = [:]

    /// The list of an event: the global one, or that of a listener.
    subscript(_ event: PluginEvent, _ listener: Int?) -> [Callback] {
        get { lists[Key(event: event, listener: listener)] ?? [] }
        set { lists[Key(event: event, listener: listener)] = newValue }
    }

    /// The global list, then every listener's in their order.
    func everywhere(_ event: PluginEvent) -> [Callback] {
        let own = lists.filter { $0.key.event == event && $0.key.listener != nil }
        let ordered = own.sorted { ($0.key.listener ?? 0) < ($1.key.listener ?? 0) }
        return self[event, nil] + ordered.flatMap { $0.value }
    }
}
