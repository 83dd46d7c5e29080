// SPDX-License-Identifier: Apache-2.0
// The broker as a plugin sees it: identity, log, registrations, work for the plugin thread.

internal import Synchronization

/// The kinds of log line.
public enum LogLevel: Int32, Sendable, CaseIterable {
    /// What happens in normal operation.
    case info = 1
    /// What an administrator might want to know.
    case notice = 2
    /// Something that may become a failure.
    case warning = 4
    /// A failure.
    case error = 8
    /// For developers.
    case debug = 16
}

/// The broker that loaded the plugin.
///
/// Keep it as long as you like. In a broker whose `isCallableFromAnyThread` is true its methods may be called
/// from any thread; in others only from a callback, from the initialiser, or from `perform`.
public final class Broker: Sendable {
    let host: HostFunctions
    /// The same at an address for the life of the process, for the clients that events show.
    nonisolated(unsafe) let hostFunctions: UnsafePointer<HostFunctions>
    private let identifier: SendablePointer
    private let pluginName: String
    private let state = Mutex(State())

    private struct State {
        var active: [ObjectIdentifier: Registration] = [:]
        var retired: [Registration] = []
        var jobs: [@Sendable () -> Void] = []
        var jobTick: Registration?
    }

    /// `@unchecked Sendable`: an opaque name the broker gave, never dereferenced here.
    private struct SendablePointer: @unchecked Sendable {
        let value: OpaquePointer?
    }

    package init(host: HostFunctions, identifier: OpaquePointer?, pluginName: String) {
        self.host = host
        let place = UnsafeMutablePointer<HostFunctions>.allocate(capacity: 1)
        place.initialize(to: host)
        hostFunctions = UnsafePointer(place)
        self.identifier = SendablePointer(value: identifier)
        self.pluginName = pluginName
    }

    /// Whether the broker's functions may be called from any thread, and answers be given from any.
    public var isCallableFromAnyThread: Bool { host.isCallableFromAnyThread }

    /// Whether the broker has the events and functions added by version 2.1.
    public var hasInterface2_1: Bool { host.isAtLeast2_1 }

    // MARK: - Log

    /// Writes one line to the broker's log.
    ///
    /// Lines longer than about 970 bytes are cut by brokers.
    public func log(_ level: LogLevel, _ message: String) {
        message.withCString { text in
            VariadicLog.shared?.call(host.logPrintf, level: level.rawValue, text: text)
        }
    }

    func report(_ error: any Error, in event: String) {
        log(.error, "\(pluginName): Error in \(event) callback: \(error)")
    }

    // MARK: - Reasons

    /// Says why the plugin is about to refuse a client something, or to leave it to others: for the log and
    /// for administrators, never for the client.
    ///
    /// A few words without a full stop. Call it on the thread that refuses, just before it does: before a callback
    /// returns, or before `DelayedAnswer.complete`. Nothing happens in brokers that have no place for it.
    public func giveReason(_ reason: String) {
        reason.withCString { host.setAccessReason?(identifier.value, $0) }
    }

    /// Whether anybody would read a reason for refusing this kind of access; cheap.
    public func wantsReason(for access: Access) -> Bool {
        host.wantsAccessReason?(access.rawValue) ?? false
    }

    // MARK: - Registration

    func setInfo(name: String, version: String?) {
        guard let setInfo = host.setInfo else { return }
        _ = name.withCString { name in
            version.withOptionalCString { setInfo(identifier.value, name, $0) }
        }
    }

    func register<Event: PluginEvent & ~Copyable>(
        _ kind: EventKind<Event>,
        _ body: @escaping (inout Event) throws -> Event.Answer
    ) throws(BrokerError) -> Registration {
        let neutral = Event.neutralResult
        // A trampoline that is not retired belongs to a broker that lives.
        let trampoline = Trampoline(neutralResult: neutral) { [unowned(unsafe) self] _, data in
            Event.deliver(data, number: kind.number, broker: self, to: body)
        }
        guard let trampoline else {
            throw BrokerError(.outOfMemory, "Creating a callback for \(kind.name)")
        }
        let registration = Registration(
            broker: self,
            trampoline: trampoline,
            event: kind.number,
            topic: kind.topic
        )
        let code = kind.topic.withOptionalCString { topic in
            host.register(identifier.value, kind.number, trampoline.function, topic, nil)
        }
        try ResultCode(rawValue: code).check("Registering for \(kind.name)")
        state.withLock { $0.active[ObjectIdentifier(registration)] = registration }
        return registration
    }

    func unregister(_ registration: Registration) {
        let wasActive = state.withLock { state in
            guard let found = state.active.removeValue(forKey: ObjectIdentifier(registration))
            else {
                return false
            }
            state.retired.append(found)
            return true
        }
        guard wasActive else { return }
        registration.trampoline.retire()
        _ = registration.topic.withOptionalCString { topic in
            host.unregister(
                identifier.value,
                registration.event,
                registration.trampoline.function,
                topic
            )
        }
    }

    func unregisterAll() {
        for registration in state.withLock({ Array($0.active.values) }) { unregister(registration) }
        state.withLock { $0 = State() }
    }

    // MARK: - Work for the plugin thread

    /// Runs `work` where the broker's functions may be called.
    ///
    /// At once, on the calling thread, if the broker allows calls from any thread; otherwise on the plugin
    /// thread at the next tick, which `preparePerform` must have made ready.
    public func perform(_ work: @escaping @Sendable () -> Void) {
        guard !isCallableFromAnyThread else { return work() }
        state.withLock { $0.jobs.append(work) }
    }

    /// Makes `perform` usable from other threads.
    ///
    /// Call it once in the initialiser or in a callback.
    public func preparePerform() throws(BrokerError) {
        guard !isCallableFromAnyThread, state.withLock({ $0.jobTick == nil }) else { return }
        let tick = try register(.tick) { [unowned self] tick in
            tick.callAgain(afterMilliseconds: 10)
            let jobs = state.withLock { state in
                defer { state.jobs = [] }
                return state.jobs
            }
            for job in jobs { job() }
        }
        state.withLock { $0.jobTick = tick }
    }
}

extension Optional where Wrapped == String {
    /// Calls `body` with a NUL-terminated copy, or with `nil`.
    func withOptionalCString<Result>(_ body: (UnsafePointer<CChar>?) -> Result) -> Result {
        guard let self else { return body(nil) }
        return self.withCString { body($0) }
    }
}
