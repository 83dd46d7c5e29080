// SPDX-License-Identifier: Apache-2.0
// All callbacks as of one moment, arranged for asking.

import Core
import MQTT

/// All callbacks as of one moment.
///
/// Reactors look things up here without any lock.
final class CallbackSnapshot: Sendable {
    /// What clients of one listener are asked about.
    final class Scope: Sendable {
        let events: HookEvents
        /// By event number.
        let chains: [CallbackChain]
        /// Those asked for basic authentication who may object to clients without a password.
        let confirmers: [Callback]
        /// Whether all of them may be called on any thread.
        let confirmsDirectly: Bool
        /// Those asked about access, as long as this lives, and the only one of them if there is one alone.
        let access: (chain: Unmanaged<CallbackChain>, sole: Callback?)

        init(_ chains: [CallbackChain], isClosed: Bool) {
            self.chains = chains
            let access = chains[Int(PluginEvent.aclCheck.rawValue)]
            self.access = (.passUnretained(access), access.sole)
            confirmers = chains[Int(PluginEvent.basicAuth.rawValue)].all.filter(\.plugin.confirms)
            confirmsDirectly = confirmers.allSatisfy(\.plugin.isDirect)
            events = Self.events(chains, isClosed: isClosed)
        }

        /// The chain of an event.
        subscript(_ event: PluginEvent) -> CallbackChain { chains[Int(event.rawValue)] }

        private static func events(_ chains: [CallbackChain], isClosed: Bool) -> HookEvents {
            func has(_ event: PluginEvent) -> Bool { !chains[Int(event.rawValue)].isEmpty }
            var events: HookEvents = []
            if has(.aclCheck) || isClosed {
                events.insert(.access)
                let chain = chains[Int(PluginEvent.aclCheck.rawValue)]
                if chain.isDirect { events.insert(.accessIsDirect) }
                if chain.isByTopic { events.insert(.accessIsByTopic) }
            }
            if has(.basicAuth) { events.insert(.basicAuthentication) }
            let logins = chains[Int(PluginEvent.basicAuth.rawValue)].all
            if logins.contains(where: \.plugin.confirms) { events.insert(.confirmation) }
            if has(.extAuthStart) { events.insert(.extendedAuthentication) }
            if has(.messageIn) { events.insert(.messageIn) }
            if has(.messageOut) { events.insert(.messageOut) }
            if has(.subscribe) { events.insert(.subscribe) }
            if has(.unsubscribe) { events.insert(.unsubscribe) }
            if has(.connect) { events.insert(.connect) }
            if has(.disconnect) || has(.clientOffline) { events.insert(.disconnect) }
            return events
        }
    }

    /// What most checks of access need, in memory that nobody counts references to.
    struct AccessPath {
        let events: HookEvents
        /// Who alone decides, by client and topic alone; nil when there is more to it.
        let only: Callback?
        /// A bit for each event, by its number: all who are asked may be called on any thread.
        private let direct: UInt64

        /// Whether all who are asked for an event may be called on any thread.
        @inline(__always)
        func isDirect(_ event: PluginEvent) -> Bool { direct & 1 << UInt64(event.rawValue) != 0 }
    }

    /// Clients without listener, then by the number of the listener.
    private let scopes: [Scope]
    /// The same, in brief; written once, freed with the snapshot.
    nonisolated(unsafe) private let paths: UnsafeMutableBufferPointer<AccessPath>
    /// Who answers on a `$CONTROL` topic.
    let control: [ExactText: Callback]
    /// TICK and RELOAD: the global list, then every listener's.
    let ticks: [Callback]
    let reloads: [Callback]
    /// Persistence events, by event number: of the global list alone.
    let persistence: [[Callback]]
    /// The same, in memory that nobody counts references to; freed with the snapshot.
    nonisolated(unsafe) let persistenceTargets: UnsafeTargetTable
    /// Whether anybody wants to be told what has to outlive the broker.
    let keepsState: Bool
    /// Whether all of them may be called on any thread.
    let isPersistenceDirect: Bool

    init(
        lists: CallbackLists,
        listenerCount: Int,
        isPerListener: Bool
    ) {
        control = lists.control
        ticks = lists.everywhere(.tick)
        reloads = lists.everywhere(.reload)
        let persistence = (0...PluginEvent.numberMax).map { number -> [Callback] in
            guard let event = PluginEvent(rawValue: CInt(number)), event.isPersistence else {
                return []
            }
            return lists[event, nil]
        }
        self.persistence = persistence
        persistenceTargets = UnsafeTargetTable(persistence)
        let restore = Int(PluginEvent.persistRestore.rawValue)
        keepsState = persistence.indices.contains { $0 != restore && !persistence[$0].isEmpty }
        isPersistenceDirect = persistence.allSatisfy { $0.allSatisfy(\.plugin.isDirect) }
        var scopes = [Scope(Self.chains(lists, listener: nil), isClosed: isPerListener)]
        for index in 0..<listenerCount {
            scopes.append(Scope(Self.chains(lists, listener: index), isClosed: false))
        }
        self.scopes = scopes
        paths = .allocate(capacity: scopes.count)
        for (index, scope) in scopes.enumerated() {
            paths.initializeElement(at: index, to: AccessPath(scope))
        }
    }

    deinit {
        persistenceTargets.free()
        paths.deallocate()
    }

    /// The way a check of access takes on a listener; nil for clients without one.
    func path(_ listener: Int?) -> AccessPath {
        guard let listener, listener + 1 < paths.count else { return paths[0] }
        return paths[listener + 1]
    }

    /// What clients of a listener are asked about; nil for clients without one.
    func scope(_ listener: Int?) -> Scope {
        guard let listener, listener + 1 < scopes.count else { return scopes[0] }
        return scopes[listener + 1]
    }

    private static func chains(_ lists: CallbackLists, listener: Int?) -> [CallbackChain] {
        (0...PluginEvent.numberMax).map { number in
            guard let event = PluginEvent(rawValue: CInt(number)) else { return CallbackChain([]) }
            let global = lists[event, nil]
            let own = listener.map { lists[event, $0] } ?? []
            let files = [global, own].map { list in list.filter { $0.plugin.isBuiltIn } }
            let plugins = [global, own].map { list in list.filter { !$0.plugin.isBuiltIn } }
            return CallbackChain(files + plugins)
        }
    }
}

extension CallbackSnapshot.AccessPath {
    init(_ scope: CallbackSnapshot.Scope) {
        events = scope.events
        let chain = scope[.aclCheck]
        let isOne = chain.lists.count == 1 && chain.lists[0].count == 1
        only = isOne && chain.isByTopic ? chain.lists[0][0] : nil
        direct = scope.chains.indices.reduce(0) {
            $0 | (scope.chains[$1].isDirect ? 1 << UInt64($1) : 0)
        }
    }
}
