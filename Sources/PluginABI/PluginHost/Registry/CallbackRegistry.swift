// SPDX-License-Identifier: Apache-2.0
// Registration of callbacks, and the snapshot everybody asks by.

import CBrokerShims
import CMosquitto
import Synchronization

/// The callbacks of all plugins.
///
/// Registration takes a lock; reading does not.
final class CallbackRegistry: Sendable {
    private struct State {
        var lists = CallbackLists()
        var lastNumber = 0
        var snapshot: CallbackSnapshot
    }

    /// Numbers of snapshots are unique in the process: a thread compares the number alone.
    private static let lastSnapshot = Atomic<UInt64>(0)

    private let state: Mutex<State>
    private let snapshotNumber: Atomic<UInt64>
    private let listenerCount: Int
    private let isPerListener: Bool

    init(listenerCount: Int, isPerListener: Bool) {
        self.listenerCount = listenerCount
        self.isPerListener = isPerListener
        let empty = CallbackSnapshot(
            lists: CallbackLists(),
            listenerCount: listenerCount,
            isPerListener: isPerListener
        )
        state = Mutex(State(snapshot: empty))
        snapshotNumber = Atomic(Self.nextNumber())
    }

    private static func nextNumber() -> UInt64 {
        lastSnapshot.add(1, ordering: .relaxed).newValue
    }

    /// The callbacks as of now.
    ///
    /// Each thread keeps the snapshot it saw last, so this is one atomic load as long as nobody
    /// registers anything.
    var current: CallbackSnapshot {
        let number = snapshotNumber.load(ordering: .acquiring)
        guard let slot = broker_thread_slot() else { return state.withLock { $0.snapshot } }
        if slot.pointee.number == number, let object = slot.pointee.object {
            return Unmanaged<CallbackSnapshot>.fromOpaque(object).takeUnretainedValue()
        }
        let (snapshot, now) = state.withLock {
            ($0.snapshot, snapshotNumber.load(ordering: .acquiring))
        }
        let previous = slot.pointee.object
        slot.pointee.object = Unmanaged.passRetained(snapshot).toOpaque()
        slot.pointee.number = now
        if let previous { Unmanaged<CallbackSnapshot>.fromOpaque(previous).release() }
        return snapshot
    }

    /// What came of a registration.
    enum Outcome {
        case done
        case exists
        case notFound
    }

    /// Appends a callback to every list its plugin is on.
    func add(
        _ plugin: LoadedPlugin,
        _ event: PluginEvent,
        _ function: @escaping Callback.Function,
        _ userData: UnsafeTransfer
    ) -> Outcome {
        change { state in
            let places = Self.places(of: plugin)
            for place in places {
                let isThere = state.lists[event, place].contains {
                    $0.plugin === plugin && $0.isFunction(function)
                }
                if isThere { return .exists }
            }
            for place in places {
                let callback = Self.make(&state, plugin, event, function, userData)
                state.lists[event, place].append(callback)
            }
            return .done
        }
    }

    /// Makes a plugin the one that answers on a `$CONTROL` topic.
    func addControl(
        _ plugin: LoadedPlugin,
        topic: String,
        _ function: @escaping Callback.Function,
        _ userData: UnsafeTransfer
    ) -> Outcome {
        change { state in
            guard state.lists.control[topic] == nil else { return .exists }
            state.lists.control[topic] = Self.make(&state, plugin, .control, function, userData)
            return .done
        }
    }

    /// Takes a callback out of every list.
    func remove(
        _ plugin: LoadedPlugin,
        _ event: PluginEvent,
        _ function: @escaping Callback.Function
    ) -> Outcome {
        change { state in
            var outcome = Outcome.notFound
            for place in Self.places(of: plugin) {
                let before = state.lists[event, place]
                let after = before.filter { $0.plugin !== plugin || !$0.isFunction(function) }
                if after.count < before.count { outcome = .done }
                state.lists[event, place] = after
            }
            return outcome
        }
    }

    /// Gives a `$CONTROL` topic free.
    func removeControl(
        _ plugin: LoadedPlugin,
        topic: String,
        _ function: @escaping Callback.Function
    ) -> Outcome {
        change { state in
            guard let owner = state.lists.control[topic], owner.plugin === plugin,
                owner.isFunction(function)
            else { return .notFound }
            state.lists.control[topic] = nil
            return .done
        }
    }

    /// Takes everything of a plugin out.
    func removeAll(of plugin: LoadedPlugin) {
        _ = change { state in
            for place in Self.places(of: plugin) {
                for event in PluginEvent.allCases {
                    state.lists[event, place].removeAll { $0.plugin === plugin }
                }
            }
            state.lists.control = state.lists.control.filter { $0.value.plugin !== plugin }
            return .done
        }
    }

    /// Where callbacks of a plugin go.
    private static func places(of plugin: LoadedPlugin) -> [Int?] {
        plugin.listeners.map { $0.map(Optional.some) } ?? [nil]
    }

    private static func make(
        _ state: inout State,
        _ plugin: LoadedPlugin,
        _ event: PluginEvent,
        _ function: @escaping Callback.Function,
        _ userData: UnsafeTransfer
    ) -> Callback {
        state.lastNumber += 1
        return Callback(
            number: state.lastNumber,
            event: event,
            plugin: plugin,
            function: function,
            userData: userData.pointer
        )
    }

    private func change(_ body: (inout State) -> Outcome) -> Outcome {
        state.withLock { state in
            let outcome = body(&state)
            guard case .done = outcome else { return outcome }
            state.snapshot = CallbackSnapshot(
                lists: state.lists,
                listenerCount: listenerCount,
                isPerListener: isPerListener
            )
            snapshotNumber.store(Self.nextNumber(), ordering: .releasing)
            return outcome
        }
    }
}
