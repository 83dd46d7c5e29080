// SPDX-License-Identifier: Apache-2.0
// What all workers share.

package import Config
import HostAccess
package import Log
package import Net
import Persist
import Synchronization
package import Topics

/// The broker: the shared state and the handles of its workers.
///
/// Everything here may be used from any thread.
package final class Broker: Sendable {
    /// Where log lines go.
    package let log: Log
    /// Who is subscribed to what.
    package let subscriptions = SubscriptionIndex()
    /// Retained messages by topic; the values are `Message`.
    package let retained = RetainedStore()
    /// By number.
    package let workers: [WorkerHandle]
    /// Where workers meet that share a thread; nil when each keeps its own.
    let group: ReactorGroup?
    /// Milliseconds of the monotonic clock at the start.
    package let startedAt = Clock.monotonicMilliseconds()
    /// Figures of which there is one for the whole broker.
    let census = Census()
    /// Batches between two uses.
    let batches = DeliveryBatchPool()
    /// How much memory is in use.
    let memory = MemoryGuard()
    /// Who saves the snapshot database.
    package let saver = StateSaver()
    /// How far the broker has come.
    package let health = BrokerHealth()
    /// What is known about durable state but for the session log.
    package let durable = DurableCounters()

    /// Sessions by client identifier, for questions from other threads.
    package let directory = ClientDirectory()
    /// Logins under way, by where they come from.
    let pendingLogins = PendingLogins()
    /// How much plugins have published that no worker has routed yet.
    package let pluginBacklog: PluginBacklog
    /// The rules of the machine about who may connect.
    let hostAccess = HostAccess()
    /// Who looks names up for outgoing connections.
    let resolver = NameResolver()
    /// How the bridges are.
    package let bridges = BridgeBoard()
    /// What the broker can be asked, and told to do.
    package let control = ControlAPI()
    /// Where new connections wait for a reload.
    package let gate = ReloadGate()
    /// Subscriptions that plugins are waiting for.
    let requestedSubscriptions = RequestedSubscriptions()

    private let transports: ListenerTransports
    private let current: Mutex<Settings>
    private let installedHooks = Mutex<(any Hooks)?>(nil)
    /// The session log while it is written.
    private let writtenLog = Mutex<SessionLog?>(nil)
    private let node = Atomic<UInt16>(0)

    /// Makes a broker with as many workers as the configuration asks for.
    package init(
        _ configuration: Configuration,
        workerCount: Int,
        log: Log,
        keyLogFile: String? = nil
    ) throws(SystemError) {
        self.log = log
        pluginBacklog = try PluginBacklog()
        transports = try ListenerTransports(log: log, keyLogFile: keyLogFile)
        current = Mutex(Settings(configuration))
        var handles: [WorkerHandle] = []
        for index in 0..<workerCount { handles.append(try WorkerHandle(index: index)) }
        workers = handles
        group =
            workerCount > 1 && configuration.workerGathering
            ? ReactorGroup(reactorCount: workerCount, waker: handles[0].waker) : nil
    }

    /// The part of new message numbers that tells brokers apart, 0 to 1023.
    ///
    /// Only persistence plugins see it. In force for workers that begin to report afterwards.
    package var nodeIdentifier: UInt16 {
        get { node.load(ordering: .relaxed) }
        set { node.store(newValue, ordering: .relaxed) }
    }

    /// The settings in force.
    package var settings: Settings { current.withLock { $0 } }

    /// Reads certificates, keys and the like; before any worker runs.
    package func openTransports() throws(TransportSetupError) {
        let settings = settings
        let prepared = PreparedTransports(
            plans: try transports.plans(for: settings.configuration),
            bridges: try transports.bridgePlans(for: settings.configuration)
        )
        current.withLock { $0 = Settings(settings.configuration, prepared, previous: settings) }
    }

    /// Ends the threads that serve transports; after all workers.
    package func closeTransports() { transports.stop() }

    /// Runs what may take time on a thread that no client waits for.
    func perform(_ work: @escaping @Sendable () -> Void) { transports.perform(work) }

    /// Sets who is asked for pre-shared keys before the key file.
    package func setPSKHook(_ hook: PSKHook?) { transports.setHook(hook) }

    /// Reads certificates, keys and the like of another configuration, which changes nothing yet.
    package func prepare(
        _ configuration: Configuration
    ) throws(ConfigurationError) -> PreparedTransports {
        try transports.prepare(configuration)
    }

    /// Puts another configuration in force; workers learn of it through their mailboxes.
    package func apply(_ configuration: Configuration, _ transports: PreparedTransports) {
        let settings = current.withLock { current in
            current = Settings(configuration, transports, previous: current)
            return current
        }
        for worker in workers { worker.post { $0.adopt(settings) } }
        sessionLog?.setSyncing(LogSyncing(configuration.persistenceFsync))
    }

    /// Logs lines of these types, until the log is configured the next time.
    package func setLogTypes(_ types: LogTypes) {
        log.setTypes(types)
        for worker in workers { worker.post { $0.adoptLogTypes() } }
    }

    /// The session log while it is written; nil when there is none.
    package var sessionLog: SessionLog? { writtenLog.withLock { $0 } }

    /// The session log is written from now on, or not any more.
    func setSessionLog(_ log: SessionLog?) { writtenLog.withLock { $0 = log } }

    /// Puts plugins in place; before any worker runs.
    package func install(_ hooks: any Hooks) {
        installedHooks.withLock { $0 = hooks }
    }

    /// The plugins; nil when there are none.
    var hooks: (any Hooks)? { installedHooks.withLock { $0 } }

    /// Number of the worker where sessions of a client identifier live.
    func home(of clientIdentifier: String) -> Int {
        guard workers.count > 1 else { return 0 }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in clientIdentifier.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return Int(truncatingIfNeeded: (hash ^ hash >> 32) % UInt64(workers.count))
    }

    /// Publishes on behalf of the broker itself.
    ///
    /// Callable from any thread.
    package func publish(
        topic: String,
        payload: [UInt8],
        qos: UInt8,
        isRetained: Bool,
        expiryInterval: UInt32? = nil
    ) {
        workers[0].post { worker in
            worker.publishInternally(
                topic: Array(topic.utf8),
                payload: payload,
                qos: qos,
                isRetained: isRetained,
                expiryInterval: expiryInterval
            )
        }
    }
}

extension Broker {
    /// Publishes a round of `$SYS` messages.
    package func publishSys(_ messages: [SysTree.Message]) {
        for message in messages {
            publish(
                topic: "$SYS/broker/\(message.topic)",
                payload: Array(message.payload.utf8),
                qos: 2,
                isRetained: true
            )
        }
    }

    /// Publishes a log line for `log_dest topic`.
    package func publishLogLine(_ line: String, topic: String) {
        publish(
            topic: topic,
            payload: Array(line.utf8),
            qos: 2,
            isRetained: false,
            expiryInterval: 20
        )
    }
}
