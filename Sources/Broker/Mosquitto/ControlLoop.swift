// SPDX-License-Identifier: Apache-2.0
// The control thread: signals, `$SYS`, reload, watchdog.

import Config
import Core
import Glibc
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
    private let log: Log
    private var configuration: Configuration
    private var sysTree: SysTree
    private var lastRoundSecond: Int64 = 0
    private var lastAliveAt: Int64 = 0
    private var lastHold: Hold?
    private var holdEndsAt: Int64 = 0
    private var autosave = Autosave()

    private var broker: Broker { threads.broker }

    init(
        _ threads: BrokerThreads,
        _ plugins: PluginHost?,
        _ configuration: Configuration,
        _ commandLine: BrokerCommandLine,
        _ notifier: ServiceNotifier,
        sysTree: SysTree
    ) {
        self.threads = threads
        self.plugins = plugins
        self.configuration = configuration
        self.commandLine = commandLine
        self.notifier = notifier
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
            broker.openGate()
            endHoldIfDue()
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
        case .reload: reload()
        case .reopenLog:
            log.reopen()
            openAuditFile()
        case .printTree: printTree()
        }
    }

    /// Reads the file again; a broken one, or one that names broken certificates or keys, changes nothing.
    private func reload() {
        log.info("Reloading config.")
        do throws(ConfigurationError) {
            let reloading = try Reloading(configuration, commandLine, broker)
            let new = reloading.configuration
            let transports = reloading.transports
            broker.health.noteReload(isGood: true, at: Clock.wallSeconds())
            configuration = new
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
                return broker.apply(new, transports)
            }
            // Clients are checked again only when plugins decide by what they have read again.
            let broker = broker
            let hold = hold()
            plugins.reload(new) {
                broker.apply(new, transports)
                hold.end()
            }
        } catch {
            broker.health.noteReload(isGood: false, at: Clock.wallSeconds())
            for line in error.lines { log.error(line) }
            log.error("Error: The configuration was not reloaded; the running one stays in force.")
        }
    }

    /// Opens the audit file anew: it may have been moved away.
    private func openAuditFile() {
        if let complaint = broker.control.audit.open(configuration.auditFile) {
            log.error(complaint)
        }
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
