// SPDX-License-Identifier: Apache-2.0
// Registration of callbacks, and the snapshot everybody asks by.

import CBrokerShims
import CMosquitto
import Core
import MQTT
import Synchronization

/// The callbacks of all plugins.
///
/// Registration takes a lock; reading does not.
final class CallbackRegistry: Sendable {
    private struct State {
        var lists = CallbackLists()
        var lastNumber = 0
    }

    /// Numbers of snapshots are unique in the process: a thread compares the number alone.
    private static let lastSnapshot = Atomic<UInt64>(0)

    private let state: Mutex<State>
    private let snapshotNumber: Atomic<UInt64>
    private let listenerCount: Int
    private let isPerListener: Bool
    /// What each listener's clients are asked about, for those who ask for nothing else.
    let publishedEvents: UnsafeHookEvents

    init(listenerCount: Int, isPerListener: Bool) {
        self.listenerCount = listenerCount
        self.isPerListener = isPerListener
        state = Mutex(State())
        snapshotNumber = Atomic(Self.nextNumber())
        publishedEvents = UnsafeHookEvents(listenerCount: listenerCount)
        publish(makeSnapshot().snapshot)
    }

    private static func nextNumber() -> UInt64 {
        lastSnapshot.add(1, ordering: .relaxed).newValue
    }

    /// The callbacks as of now.
    ///
    /// Each thread has a snapshot of its own and makes another when somebody has registered
    /// something, so this is one atomic load, and threads share no reference counts. A thread gives
    /// its last one back with `releaseSnapshot`.
    var current: CallbackSnapshot {
        let number = snapshotNumber.load(ordering: .acquiring)
        guard let slot = broker_thread_slot() else { return makeSnapshot().snapshot }
        if slot.pointee.number == number, let object = slot.pointee.object {
            return Unmanaged<CallbackSnapshot>.fromOpaque(object).takeUnretainedValue()
        }
        return renew(slot)
    }

    /// The way a check of access takes on a listener: the same without counting references.
    func path(_ listener: Int?) -> CallbackSnapshot.AccessPath {
        let number = snapshotNumber.load(ordering: .acquiring)
        guard let slot = broker_thread_slot(), slot.pointee.number == number,
            let object = slot.pointee.object
        else { return current.path(listener) }
        // The thread's slot keeps it until this thread asks again.
        return Unmanaged<CallbackSnapshot>.fromOpaque(object)
            ._withUnsafeGuaranteedRef { $0.path(listener) }
    }

    private func renew(_ slot: UnsafeMutablePointer<broker_thread_slot>) -> CallbackSnapshot {
        let (snapshot, now) = makeSnapshot()
        let previous = slot.pointee.object
        slot.pointee.object = Unmanaged.passRetained(snapshot).toOpaque()
        slot.pointee.number = now
        if let previous { Unmanaged<CallbackSnapshot>.fromOpaque(previous).release() }
        return snapshot
    }

    /// Lets go of the snapshot of a thread that is about to end.
    static func releaseSnapshot() {
        guard let slot = broker_thread_slot(), let object = slot.pointee.object else { return }
        slot.pointee.object = nil
        slot.pointee.number = 0
        Unmanaged<CallbackSnapshot>.fromOpaque(object).release()
    }

    private func makeSnapshot() -> (snapshot: CallbackSnapshot, number: UInt64) {
        let (lists, number) = state.withLock {
            ($0.lists, snapshotNumber.load(ordering: .acquiring))
        }
        return (makeSnapshot(of: lists), number)
    }

    private func makeSnapshot(of lists: CallbackLists) -> CallbackSnapshot {
        CallbackSnapshot(
            lists: lists,
            listenerCount: listenerCount,
            isPerListener: isPerListener
        )
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
            guard state.lists.control[ExactText(topic)] == nil else { return .exists }
            state.lists.control[ExactText(topic)] = Self.make(
                &state,
                plugin,
                .control,
                function,
                userData
            )
            return .done
        }
    }

    /// Enters a callback in the process of its plugin, in every list its plugin is on, where its plugin
    /// belongs by the order of loading.
    func add(_ plugin: LoadedPlugin, _ event: PluginEvent, remote number: UInt32) {
        _ = change { state in
            for place in Self.places(of: plugin) {
                let callback = Self.make(&state, plugin, event, remote: number)
                let list = state.lists[event, place]
                let index = list.firstIndex { $0.plugin.loadNumber > plugin.loadNumber }
                state.lists[event, place].insert(callback, at: index ?? list.count)
            }
            return .done
        }
    }

    /// Makes a plugin in a process of its own the one that answers on a `$CONTROL` topic.
    func addControl(_ plugin: LoadedPlugin, topic: String, remote number: UInt32) -> Outcome {
        change { state in
            guard state.lists.control[ExactText(topic)] == nil else { return .exists }
            state.lists.control[ExactText(topic)] = Self.make(
                &state,
                plugin,
                .control,
                remote: number
            )
            return .done
        }
    }

    /// Takes a callback in the process of its plugin out of every list.
    func remove(_ plugin: LoadedPlugin, _ event: PluginEvent, remote number: UInt32) {
        _ = change { state in
            for place in Self.places(of: plugin) {
                state.lists[event, place].removeAll {
                    $0.plugin === plugin && $0.remoteNumber == number
                }
            }
            guard event == .control else { return .done }
            state.lists.control = state.lists.control.filter {
                $0.value.plugin !== plugin || $0.value.remoteNumber != number
            }
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
            guard let owner = state.lists.control[ExactText(topic)], owner.plugin === plugin,
                owner.isFunction(function)
            else { return .notFound }
            state.lists.control[ExactText(topic)] = nil
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
            userData: userData
        )
    }

    private static func make(
        _ state: inout State,
        _ plugin: LoadedPlugin,
        _ event: PluginEvent,
        remote number: UInt32
    ) -> Callback {
        state.lastNumber += 1
        return Callback(number: state.lastNumber, event: event, plugin: plugin, remote: number)
    }

    private func change(_ body: (inout State) -> Outcome) -> Outcome {
        state.withLock { state in
            let outcome = body(&state)
            guard case .done = outcome else { return outcome }
            snapshotNumber.store(Self.nextNumber(), ordering: .releasing)
            // Behind the number: who learns of an event finds its callbacks.
            publish(makeSnapshot(of: state.lists))
            return outcome
        }
    }

    private func publish(_ snapshot: CallbackSnapshot) {
        publishedEvents.set(snapshot.scope(nil).events, on: nil)
        for listener in 0..<listenerCount {
            publishedEvents.set(snapshot.scope(listener).events, on: listener)
        }
    }
}
