// SPDX-License-Identifier: Apache-2.0
// The callbacks of the one plugin that a helper runs.

import CMosquitto
import MQTT
import Synchronization

/// The callbacks of the one plugin that a helper runs, by the numbers the broker knows them by.
final class HelperCallbacks: Sendable {
    private struct Entry {
        let callback: Callback
        /// The `$CONTROL` topic it answers on; nil for all other events.
        let topic: String?
    }

    private struct State {
        var entries: [UInt32: Entry] = [:]
        var ticks: [Callback] = []
        var lastNumber: UInt32 = 0
    }

    private let state = Mutex(State())
    /// How often a callback was taken out.
    let removals = Atomic<Int>(0)

    /// Enters a callback; nil if it is there already.
    func add(
        _ plugin: LoadedPlugin,
        _ event: PluginEvent,
        _ function: @escaping Callback.Function,
        topic: String?,
        _ userData: UnsafeTransfer
    ) -> UInt32? {
        state.withLock { state in
            guard Self.number(&state, event, function, topic) == nil else { return nil }
            state.lastNumber += 1
            let callback = Callback(
                number: Int(state.lastNumber),
                event: event,
                plugin: plugin,
                function: function,
                userData: userData
            )
            state.entries[state.lastNumber] = Entry(callback: callback, topic: topic)
            if event == .tick { state.ticks.append(callback) }
            return state.lastNumber
        }
    }

    /// Takes a callback out; its number, or nil if it is not there.
    func remove(
        _ event: PluginEvent,
        _ function: @escaping Callback.Function,
        topic: String?
    ) -> UInt32? {
        state.withLock { state in
            guard let number = Self.number(&state, event, function, topic) else { return nil }
            state.entries[number] = nil
            state.ticks.removeAll { $0.number == Int(number) }
            removals.add(1, ordering: .relaxed)
            return number
        }
    }

    private static func number(
        _ state: inout State,
        _ event: PluginEvent,
        _ function: @escaping Callback.Function,
        _ topic: String?
    ) -> UInt32? {
        state.entries.first { _, entry in
            entry.callback.event == event && entry.callback.isFunction(function)
                && entry.topic == topic
        }?.key
    }

    /// The callback of a number.
    subscript(_ number: UInt32) -> Callback? {
        state.withLock { $0.entries[number]?.callback }
    }

    /// Those of TICK.
    var ticks: [Callback] { state.withLock { $0.ticks } }
}
