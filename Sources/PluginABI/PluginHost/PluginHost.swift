// SPDX-License-Identifier: Apache-2.0
// The plugins of a broker: what the core asks and tells goes through here.

import CBrokerShims
import CMosquitto
package import Config
package import Core
import Glibc
import Log
import MQTT
import Net
import Results
import Synchronization

/// The plugins of a broker.
///
/// Questions whose plugins all allow calls on any thread are answered on the reactor that asks;
/// all others wait for the plugin thread, which is the one that calls `run`.
package final class PluginHost: Hooks, Sendable {
    let broker: Broker
    let log: Log
    let registry: CallbackRegistry
    let lane: SerialLane
    let delayed: DelayedAnswers
    let watch: Stopwatch
    let handles = HandleKeeper()
    let isPerListener: Bool
    /// Whether `$CONTROL/broker/v1` is the broker's.
    let hasControlAPI: Bool
    /// Who tells persistence plugins what happens.
    let persistence: PersistenceLine
    /// What they are giving back now, and have given back.
    let restoring = Mutex<RestoredState?>(nil)
    let restored = Mutex<RestoredState?>(nil)
    /// Whether what was given back has come to life.
    let hasStarted = Atomic<Bool>(false)
    /// What plugins in processes of their own need; nil if there are none.
    let helpers: Helpers?
    /// Where persistence plugins put their files; a C string for the life of the process.
    let persistenceLocation: CStringBox
    private let loaded = Mutex<[LoadedPlugin]>([])

    /// Why the broker cannot start with its plugins.
    package struct LoadError: Error {
        /// The lines to log.
        package let lines: [String]
        /// The exit status.
        package let exitCode: Int32
    }

    /// Whether a configuration needs a host at all.
    package static func isNeeded(_ configuration: Configuration) -> Bool {
        configuration.enableControlApi || configuration.plugins.contains { !$0.isUnused }
            || !BuiltInSecurity.plugins(of: configuration).isEmpty
    }

    /// Makes a host without plugins; `load` brings them in.
    package init(_ configuration: Configuration, _ broker: Broker) throws(LoadError) {
        self.broker = broker
        log = broker.log
        isPerListener = configuration.perListenerSettings
        registry = CallbackRegistry(
            listenerCount: configuration.listeners.count,
            isPerListener: configuration.perListenerSettings
        )
        watch = Stopwatch(log: broker.log, slowMilliseconds: configuration.pluginSlowCallbackMs)
        hasControlAPI = configuration.enableControlApi
        persistence = PersistenceLine(broker, watch)
        persistenceLocation = CStringBox(configuration.persistenceDirectory)
        do throws(SystemError) {
            lane = try SerialLane()
            let isNeeded = configuration.plugins.contains { !$0.isUnused && $0.isIsolated }
            helpers = isNeeded ? try Helpers(workerCount: broker.workers.count) : nil
        } catch {
            throw LoadError(lines: ["Error: Unable to start: \(error)"], exitCode: 1)
        }
        delayed = DelayedAnswers(timeoutSeconds: configuration.authTimeout, lane: lane)
        broker.control.add(controlCommands)
    }

    /// All plugins in the order they were loaded.
    package var plugins: [PluginFigures] {
        loaded.withLock { $0 }.map {
            PluginFigures(name: $0.displayName, events: $0.statistics.figures)
        }
    }

    /// All plugins in the order they were loaded.
    var loadedPlugins: [LoadedPlugin] { loaded.withLock { $0 } }

    /// Puts a plugin on the list.
    ///
    /// It is never freed: its library is not unloaded either, and threads may yet hold callbacks
    /// of it.
    func append(_ plugin: LoadedPlugin) {
        _ = Unmanaged.passRetained(plugin)
        loaded.withLock { $0.append(plugin) }
    }

    func remove(_ plugin: LoadedPlugin) { loaded.withLock { $0.removeAll { $0 === plugin } } }

    /// The plugin behind an identifier; nil for pointers that are none of ours.
    func plugin(_ identifier: OpaquePointer) -> LoadedPlugin? {
        let address = UnsafeMutableRawPointer(identifier)
        return loaded.withLock { $0.first { $0.identifier == address } }
    }

    /// Has exported functions work for this host; nil ends that.
    func install() {
        CurrentHost.install(self)
    }

    /// From now on the functions plugins call do nothing, and fail where they can say so.
    func uninstall() {
        CurrentHost.uninstall()
    }

    // MARK: Plugin thread

    /// Serves as the plugin thread until `stop`.
    ///
    /// Callbacks may be long: they share the processors with the reactors, but come second.
    package func run() {
        if !loadedPlugins.isEmpty { Thread.lowerPriority() }
        var answers = AnswerBatch(workerCount: broker.workers.count)
        let ticks = TickTable()
        var signals = SharedSignals(
            isShared: loadedPlugins.contains { !$0.isBuiltIn && $0.isolated == nil }
        )
        lane.run { request in
            signals.enterPlugins()
            handle(request, &answers)
        } pause: {
            answers.flush(broker)
            signals.enterPlugins()
            let tick = ticks.run(registry.current.ticks, watch)
            expireDelayed()
            let now = MonotonicTime.milliseconds()
            let check = signals.leavePlugins(now: now)
            let deadline = delayed.nextDeadline.map { max(0, $0 - now) }
            let wait = [tick, deadline, check].compactMap { $0 }.min()
            return wait.map { CInt(clamping: $0 + 1) } ?? -1
        }
    }

    /// Waits until everything asked before has been answered, as long as is given.
    package func drain(milliseconds: CInt) {
        guard let isDone = try? Waker() else { return }
        lane.enqueue(.job { isDone.wake() })
        var entry = pollfd(fd: isDone.rawValue, events: Int16(POLLIN), revents: 0)
        let isLaneEmpty = retryingInterrupts({ poll(&entry, 1, milliseconds) }) > 0
        if !drainIsolated(milliseconds: milliseconds) || !isLaneEmpty {
            log.warning("Warning: A plugin takes too long to answer; going on without it.")
        }
    }

    /// Ends `run` when everything that waits has been done.
    package func stop() { lane.stop() }

    private func handle(_ request: LaneRequest, _ answers: inout AnswerBatch) {
        let snapshot = registry.current
        switch request {
        case .login(_, let questionID) where !lane.begins(questionID): break
        case .question(let question, let questionID), .login(let question, let questionID):
            answers.flushIfOld(broker)
            if let answer = answer(question, questionID, snapshot, at: .pluginThread) {
                answers.add(answer, to: questionID, broker)
            }
        case .connected(let identity):
            tellConnected(identity, snapshot.scope(identity.listenerIndex))
        case .disconnected(let identity, let code, let isOffline):
            let scope = snapshot.scope(identity.listenerIndex)
            tellDisconnected(identity, code: code, isOffline: isOffline, scope)
        case .job(let job):
            answers.flush(broker)
            job()
        }
        answers.flushIfOld(broker)
    }

    // MARK: Reload and end

    /// Tells plugins, on their thread, that the configuration was read again, and runs `next` there
    /// when all have been told.
    package func reload(_ configuration: Configuration, then next: @escaping @Sendable () -> Void) {
        delayed.setTimeout(seconds: configuration.authTimeout)
        watch.setThreshold(milliseconds: configuration.pluginSlowCallbackMs)
        lane.enqueue(
            .job { [self] in
                renewBuiltIns(configuration)
                tellReload()
                reloadIsolated { [self] in lane.enqueue(.job(next)) }
            }
        )
    }

    // MARK: Hooks

    package func events(on listener: Int?) -> HookEvents {
        registry.path(listener).events
    }

    package var publishedEvents: UnsafeHookEvents? { registry.publishedEvents }

    package func ask(
        _ question: consuming HookQuestion,
        by questionID: QuestionID
    ) -> HookAnswer? {
        let snapshot = registry.current
        let mustWait = question.isLogin && lane.isBehind
        if !mustWait, question.isDirect(snapshot) {
            return answer(question, questionID, snapshot, at: .reactor)
        }
        if let helpers, !mustWait { return enquire(question, questionID, snapshot, helpers) }
        if question.isLogin {
            lane.enqueueLogin(question, questionID)
        } else {
            lane.enqueue(.question(question, questionID))
        }
        return nil
    }

    package var isBehind: Bool { lane.isBehind }

    package func threadIsEnding() { CallbackRegistry.releaseSnapshot() }

    package func text(of code: Int32) -> String { String(cString: mosquitto_strerror(code)) }

    package func forget(_ questionID: QuestionID) {
        // The question may still be in the lane; if not, a plugin may be working on its answer.
        if !lane.cancel(questionID) { delayed.forget(questionID) }
    }

    package func connected(_ client: ClientIdentity, by worker: Int) {
        let scope = registry.current.scope(client.listenerIndex)
        let chain = scope[.connect]
        if helpers != nil { tellIsolated(chain.all, .connected(client), by: worker) }
        if chain.isDirectHere { return tellConnected(client, scope) }
        lane.enqueue(.connected(client))
    }

    package func disconnected(
        _ client: ClientIdentity,
        code: Int32,
        isOffline: Bool,
        by worker: Int
    ) {
        let scope = registry.current.scope(client.listenerIndex)
        let chain = scope[isOffline ? .clientOffline : .disconnect]
        if helpers != nil {
            let question = PluginQuestion.disconnected(client, code: code, isOffline: isOffline)
            tellIsolated(chain.all, question, by: worker)
        }
        if chain.isDirectHere {
            return tellDisconnected(client, code: code, isOffline: isOffline, scope)
        }
        lane.enqueue(.disconnected(client, code: code, isOffline: isOffline))
    }

    package func forgetSecurity(of client: ClientIdentity, by worker: Int) {
        let lane = lane
        afterIsolated(by: worker) { lane.enqueue(.job { client.forgetSecurity() }) }
    }

    /// Answers a question on the calling thread; nil when a plugin takes its time.
    func answer(
        _ question: HookQuestion,
        _ questionID: QuestionID,
        _ snapshot: CallbackSnapshot,
        at place: CallingPlace
    ) -> HookAnswer? {
        let scope = snapshot.scope(question.client.listenerIndex)
        switch question {
        case .authenticate(let client, let password):
            return authenticate(client, password: password, questionID, scope, at: place)
        case .confirm(let client):
            let purpose = Confirmation.Purpose.question(questionID)
            return confirm(Confirmation(client, scope.confirmers, purpose), at: place)
        case .beginExchange(let client, let method, let data, let isAgain):
            return exchange(
                .extAuthStart,
                client,
                method: method,
                data: data,
                isAgain: isAgain,
                questionID,
                scope,
                at: place
            )
        case .continueExchange(let client, let method, let data):
            return exchange(
                .extAuthContinue,
                client,
                method: method,
                data: data,
                questionID,
                scope,
                at: place
            )
        case .publish(let client, let message, let checksAccess, let isFiltered):
            let decision = publish(
                client,
                message,
                checksAccess: checksAccess,
                isFiltered: isFiltered,
                scope
            )
            if case .refused = decision { return .publish(decision, denial: takeDenial()) }
            return .publish(decision)
        case .control(let client, let message): return control(client, message, snapshot)
        case .subscribe(let client, let filters): return decide(.subscribe, client, filters, scope)
        case .unsubscribe(let client, let filters):
            return decide(.unsubscribe, client, filters, scope)
        case .access(let client, let filters): return mayStay(client, filters, scope)
        case .deliver(let client, let messages): return .deliver(deliver(client, messages, scope))
        case .publishStored(let client, let message):
            return .publishStored(isAllowed: mayPublishStored(client, message, scope))
        }
    }
}
