// SPDX-License-Identifier: Apache-2.0
// The control thread: signals, `$SYS`, reload, watchdog.

import Config
import Core
import Glibc
import JSON
import Log
import Net
import PluginHost
import Synchronization

/// What the process does beside serving clients.
///
/// Runs on one thread until a signal stops it.
final class ControlLoop {
    private let threads: BrokerThreads
    private let plugins: PluginHost?
    private let commandLine: BrokerCommandLine
    private let notifier: ServiceNotifier
    private let orders: ControlOrders
    private let log: Log
    private var configuration: Configuration
    private var sysTree: SysTree
    private var lastRoundSecond: Int64 = 0
    private var lastAliveAt: Int64 = 0
    private var lastHold: Hold?
    private var holdEndsAt: Int64 = 0
    private var autosave = Autosave()
    /// The types of lines that are logged for a while, and when that ends, in milliseconds.
    private var logTypes: (types: LogTypes, endAt: Int64)?

    private var broker: Broker { threads.broker }

    init(
        _ threads: BrokerThreads,
        _ plugins: PluginHost?,
        _ configuration: Configuration,
        _ commandLine: BrokerCommandLine,
        _ notifier: ServiceNotifier,
        _ orders: ControlOrders,
        _ sysTree: SysTree
    ) {
        self.threads = threads
        self.plugins = plugins
        self.configuration = configuration
        self.commandLine = commandLine
        self.notifier = notifier
        self.orders = orders
        self.sysTree = sysTree
        log = threads.broker.log
    }

    /// Serves until SIGTERM or SIGINT.
    func run(_ signals: Signals) {
        while true {
            broker.gate.close()
            while let signal = signals.next() {
                if signal == .stop {
                    broker.health.phase = .stopping
                    return
                }
                handle(signal)
            }
            for order in orders.take() { carryOut(order) }
            broker.openGate()
            endHoldIfDue()
            endLogTypesIfDue()
            publishSysIfDue()
            autosave.saveIfDue(broker, configuration)
            sendAliveIfDue()
            signals.wait(milliseconds: millisecondsToWait())
        }
    }

    private func handle(_ signal: BrokerSignal) {
        switch signal {
        case .stop: break
        case .save:
            broker.saver.save(broker)
            if let line = broker.durableFigures.logLine(at: Clock.wallSeconds()) { log.info(line) }
        case .reload: reload { _ in }
        case .reopenLog:
            log.reopen()
            if let logTypes { broker.setLogTypes(logTypes.types) }
            openAuditFile()
        case .printTree: printTree()
        }
    }

    private func carryOut(_ order: ControlOrders.Order) {
        switch order {
        case .reload(let call, isCheck: false):
            reload { result in
                switch result {
                case .success(let report): call.answer(report)
                case .failure(let error): call.fail(ControlFailure(error.text))
                }
            }
        case .reload(let call, isCheck: true): check(call)
        case .setLogTypes(let types, let seconds, let call):
            setLogTypes(types, seconds: seconds, call)
        }
    }

    /// Says what a reload would do.
    private func check(_ call: ControlCall) {
        var data = JSONMembers()
        do throws(ConfigurationError) {
            let reloading = try Reloading(configuration, commandLine, broker)
            data.add("is-valid", true)
            data.add("reload", reloading.report)
        } catch {
            data.add("is-valid", false)
            data.add("errors", error.lines)
        }
        call.answer(data.object)
    }

    /// Reads the file again; a broken one, or one that names broken certificates or keys, changes nothing.
    ///
    /// `conclude` is called when it is in force, on whatever thread, or when it will not be.
    private func reload(
        _ conclude: @escaping @Sendable (Result<JSONValue, ConfigurationError>) -> Void
    ) {
        log.info("Reloading config.")
        do throws(ConfigurationError) {
            let reloading = try Reloading(configuration, commandLine, broker)
            let new = reloading.configuration
            let transports = reloading.transports
            let report = reloading.report
            broker.health.noteReload(isGood: true, at: Clock.wallSeconds())
            configuration = new
            logTypes = nil
            log.configure(new.logging)
            log.reopen()
            openAuditFile()
            reloading.writeChanges(to: log)
            guard let plugins else {
                if PluginHost.isNeeded(new) {
                    log.warning(
                        "Warning: Password and ACL files come into force at the next start."
                    )
                }
                broker.apply(new, transports)
                return conclude(.success(report))
            }
            // Clients are checked again only when plugins decide by what they have read again.
            let broker = broker
            let hold = hold()
            plugins.reload(new) {
                broker.apply(new, transports)
                hold.end()
                conclude(.success(report))
            }
        } catch {
            broker.health.noteReload(isGood: false, at: Clock.wallSeconds())
            for line in error.lines { log.error(line) }
            log.error("Error: The configuration was not reloaded; the running one stays in force.")
            conclude(.failure(error))
        }
    }

    /// Opens the audit file anew: it may have been moved away.
    private func openAuditFile() {
        if let complaint = broker.control.audit.open(configuration.auditFile) {
            log.error(complaint)
        }
    }

    // MARK: Log types

    /// Logs lines of other types for a while.
    private func setLogTypes(_ types: LogTypes?, seconds: Int, _ call: ControlCall) {
        let endAt = Clock.monotonicMilliseconds() + Int64(seconds) * 1000
        logTypes = types.map { ($0, endAt) }
        broker.setLogTypes(types ?? configuration.logging.types)
        var data = JSONMembers()
        data.add("types", log.types.words)
        if types != nil {
            data.add("until", Timestamp.text(Clock.wallSeconds() + Int64(seconds)))
        }
        call.answer(data.object)
    }

    private func endLogTypesIfDue() {
        guard let end = logTypes?.endAt, Clock.monotonicMilliseconds() >= end else { return }
        logTypes = nil
        broker.setLogTypes(configuration.logging.types)
        log.notice("Log types are as configured again.")
    }

    private func printTree() {
        let collected = Names()
        threads.ask { worker in collected.add(worker.sessionNames) }
        fflush(nil)
        let text = Array(broker.subscriptionTree(names: collected.all).utf8)
        _ = retryingInterrupts { write(STDOUT_FILENO, text, text.count) }
    }

    // MARK: New connections

    /// Keeps new connections waiting until plugins have read their files, two seconds at most.
    private func hold() -> Hold {
        lastHold?.end()
        let hold = Hold(broker)
        lastHold = hold
        holdEndsAt = Clock.monotonicMilliseconds() + 2000
        return hold
    }

    private func endHoldIfDue() {
        guard lastHold != nil, Clock.monotonicMilliseconds() >= holdEndsAt else { return }
        lastHold?.end()
        lastHold = nil
    }

    // MARK: $SYS

    /// Rounds fall on seconds of the wall clock that are multiples of `sys_interval`.
    private func publishSysIfDue() {
        let interval = Int64(configuration.sysInterval)
        guard interval > 0 else { return }
        let second = Clock.wallSeconds()
        guard second % interval == 0, second != lastRoundSecond else { return }
        lastRoundSecond = second
        threads.ask { $0.updateGauges() }
        let uptime = (Clock.monotonicMilliseconds() - broker.startedAt) / 1000
        broker.publishSys(sysTree.round(SysFigures(broker), uptime: uptime))
    }

    // MARK: Time

    private func sendAliveIfDue() {
        guard let interval = notifier.watchdogIntervalSeconds else { return }
        let now = Clock.monotonicMilliseconds() / 1000
        guard now - lastAliveAt >= Int64(interval) else { return }
        lastAliveAt = now
        notifier.alive(broker.statusLine)
    }

    private func millisecondsToWait() -> CInt {
        var wait = Int64.max
        if configuration.sysInterval > 0 {
            let interval = Int64(configuration.sysInterval) * 1000
            let now = Clock.wallNanoseconds() / 1_000_000
            wait = interval - now % interval
        }
        if let seconds = notifier.watchdogIntervalSeconds {
            wait = min(wait, Int64(seconds) * 1000)
        }
        if let milliseconds = autosave.millisecondsToWait(configuration) {
            wait = min(wait, milliseconds)
        }
        if let end = logTypes?.endAt {
            wait = min(wait, max(0, end - Clock.monotonicMilliseconds()))
        }
        if lastHold != nil {
            wait = min(wait, max(0, holdEndsAt - Clock.monotonicMilliseconds()))
        }
        return wait == .max ? -1 : CInt(clamping: wait)
    }
}

/// A closed gate that opens once, whoever is first to say so.
private final class Hold: Sendable {
    private let broker: Broker
    private let isOver = Atomic<Bool>(false)

    init(_ broker: Broker) {
        self.broker = broker
        broker.gate.close()
    }

    func end() {
        if !isOver.exchange(true, ordering: .acquiringAndReleasing) { broker.openGate() }
    }
}

/// Names collected from several threads.
private final class Names: Sendable {
    private let names = Mutex<[UInt64: String]>([:])

    func add(_ more: [UInt64: String]) {
        names.withLock { $0.merge(more) { first, _ in first } }
    }

    var all: [UInt64: String] { names.withLock { $0 } }
}
