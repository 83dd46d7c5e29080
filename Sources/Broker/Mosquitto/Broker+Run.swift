// SPDX-License-Identifier: Apache-2.0
// The broker from the first log line to the last.

import CLinux
import Config
import Core
import Glibc
import Log
import Net
import PluginHost

/// Runs the broker until a signal stops it, and returns the exit status of the process.
func runBroker(
    _ configuration: Configuration,
    _ commandLine: BrokerCommandLine,
    _ pidFile: PidFile,
    _ log: Log,
    _ daemon: inout DaemonStart?
) -> Int32 {
    defer { BrokerProcess.logTermination(log) }
    DescriptorTable.reserve()
    do throws(StartError) {
        let signals = try Signals()
        log.configure(configuration.logging)
        StartupLog.write(configuration, features: features, to: log)
        if configuration.isLocalOnly { StartupLog.writeLocalOnlyWarnings(to: log) }
        try serve(configuration, commandLine, pidFile, signals, log, &daemon)
        return 0
    } catch {
        log.error(error.line)
        return error.exitCode
    }
}

/// What the original has as parts that can be left out.
private let features: StartupLog.Features = [
    ("Bridge", true), ("Persistence", true), ("TLS", true), ("TLS-PSK", true),
    ("Websockets", true),
]

private func serve(
    _ configuration: Configuration,
    _ commandLine: BrokerCommandLine,
    _ pidFile: PidFile,
    _ signals: Signals,
    _ log: Log,
    _ daemon: inout DaemonStart?
) throws(StartError) {
    let broker = try makeBroker(configuration, commandLine, log)
    broker.health.noteReload(isGood: true, at: Clock.wallSeconds())
    log.setTopicSink { topic, line in broker.publishLogLine(line, topic: topic) }
    defer { log.setTopicSink(nil) }
    let plugins = try loadPlugins(configuration, broker)
    let orders = ControlOrders(signals, broker)
    defer { plugins?.unload() }
    // All threads that are started below inherit this.
    ProcessSignals.block()
    defer { ProcessSignals.restoreMask() }
    var sysTree = SysTree(version: BrokerVersion.number)
    let sockets = try openListeners(broker)
    defer { broker.closeTransports() }
    defer { for socket in sockets { if let path = socket.path { unlink(path) } } }
    try pidFile.write()
    let apiSockets = sockets.filter(broker.isHTTP)
    if let failure = listen(on: apiSockets, configuration) { throw failure }
    let healthServer = try HealthServer.start(broker, apiSockets)
    defer { healthServer?.stop() }
    if configuration.persistence { broker.health.phase = .restoring }
    let durable = DurableState(broker, plugins)
    let notifier = ServiceNotifier()
    notifier.restoring()
    let moreTime = TimeoutExtension(notifier)
    var isRestored = false
    defer { if !isRestored { moreTime?.end() } }
    let readingBeganAt = Clock.monotonicNanoseconds()
    let start = try durable.read(isRepairing: commandLine.isRepair)
    var failure: StartError?
    let threads = try startThreads(broker, sockets) { threads in
        do throws(StartError) {
            try start.restore(on: threads)
            if configuration.persistence {
                let elapsed = Clock.monotonicNanoseconds() - readingBeganAt
                broker.durable.noteRestoreTime(nanoseconds: elapsed)
            }
            // What was read is copied by now; the pages it stood on go back to the system.
            _ = malloc_trim(0)
        } catch {
            failure = error
        }
        if configuration.sysInterval > 0 { publishFirst(&sysTree, threads) }
        guard failure == nil else { return }
        healthServer?.stop()
        failure = listen(on: sockets.filter { !broker.isHTTP($0) }, configuration)
    }
    if let failure {
        threads.stop()
        throw failure
    }
    broker.health.phase = .running
    log.info("mosquitto version \(BrokerVersion.number) running", LogFields(.started))
    isRestored = true
    moreTime?.end()
    notifier.ready()
    daemon.take()?.succeed()
    let ending = Ending(durable: durable, notifier: notifier, apiSockets: apiSockets)
    try control(threads, plugins, ending, signals) { [sysTree] in
        ControlLoop(threads, plugins, configuration, commandLine, notifier, orders, sysTree)
    }
}

/// Publishes the topics below `$SYS` before the first client can ask for them.
private func publishFirst(_ sysTree: inout SysTree, _ threads: BrokerThreads) {
    let broker = threads.broker
    broker.publishSys(sysTree.opening)
    threads.ask(patience: 10) { _ in }
    broker.publishSys(sysTree.round(SysFigures(broker), uptime: 0))
    threads.ask(patience: 10) { _ in }
}

/// Runs the control loop until a signal stops it, then ends the reactors.
///
/// Plugins have always been called on the main thread: with plugins it is theirs, and the loop gets
/// a thread of its own.
private func control(
    _ threads: BrokerThreads,
    _ plugins: PluginHost?,
    _ ending: Ending,
    _ signals: Signals,
    _ makeLoop: @escaping @Sendable () -> ControlLoop
) throws(StartError) {
    guard let plugins else {
        makeLoop().run(signals)
        return ending.stop(threads)
    }
    do throws(SystemError) {
        let thread = try Thread(named: "control") {
            makeLoop().run(signals)
            ending.stop(threads) { plugins.drain(milliseconds: 2000) }
            plugins.stop()
        }
        plugins.run()
        thread.join()
    } catch {
        ending.stop(threads)
        throw StartError(line: "Error: Unable to start: \(error)", exitCode: 1)
    }
}

/// How the broker ends: its state is kept, and who watches it knows that this takes time.
private struct Ending: Sendable {
    let durable: DurableState
    let notifier: ServiceNotifier
    /// Those of the HTTP API.
    let apiSockets: [ListenerSocket]

    /// Ends the threads, and keeps what is to be kept.
    func stop(_ threads: BrokerThreads, awaitDecisions: () -> Void = {}) {
        notifier.stopping()
        // Without it nobody answers, and the broker ends as well.
        let healthServer = try? HealthServer.start(threads.broker, apiSockets)
        defer { healthServer?.stop() }
        let moreTime = TimeoutExtension(notifier)
        durable.stop(threads, awaitDecisions: awaitDecisions)
        moreTime?.end()
    }
}

/// Loads what the configuration names; nil when it names nothing.
private func loadPlugins(
    _ configuration: Configuration,
    _ broker: Broker
) throws(StartError) -> PluginHost? {
    guard PluginHost.isNeeded(configuration) else { return nil }
    do throws(PluginHost.LoadError) {
        let plugins = try PluginHost(configuration, broker)
        try plugins.load(configuration)
        broker.install(plugins)
        broker.setPSKHook { plugins.pskKey(listener: $0, $1) }
        return plugins
    } catch {
        for line in error.lines.dropLast() { broker.log.error(line) }
        throw StartError(line: error.lines.last ?? "", exitCode: error.exitCode)
    }
}

private func makeBroker(
    _ configuration: Configuration,
    _ commandLine: BrokerCommandLine,
    _ log: Log
) throws(StartError) -> Broker {
    let count = configuration.workerThreads ?? Processors.available
    let broker: Broker
    do throws(SystemError) {
        broker = try Broker(
            configuration,
            workerCount: count,
            log: log,
            keyLogFile: commandLine.tlsKeylogPath
        )
    } catch {
        throw StartError(line: "Error: Unable to start: \(error)", exitCode: 1)
    }
    if let complaint = broker.control.audit.open(configuration.auditFile) {
        throw StartError(line: complaint, exitCode: 1)
    }
    return broker
}

private func openListeners(_ broker: Broker) throws(StartError) -> [ListenerSocket] {
    do throws(TransportSetupError) {
        try broker.openTransports()
    } catch {
        for line in error.lines.dropLast() { broker.log.error(line) }
        throw StartError(line: error.lines.last ?? "", exitCode: error.exitCode)
    }
    do throws(ListenerError) {
        return try ListenerOpener.open(broker.settings, log: broker.log)
    } catch {
        throw StartError(line: error.line, exitCode: 1)
    }
}

extension HealthServer {
    /// Has those who ask at the HTTP listeners told how far the start, or the end, has come.
    fileprivate static func start(
        _ broker: Broker,
        _ sockets: [ListenerSocket]
    ) throws(StartError) -> HealthServer? {
        do throws(SystemError) {
            return try HealthServer(broker, sockets: sockets)
        } catch {
            throw StartError(line: "Error: Unable to start: \(error)", exitCode: 1)
        }
    }
}

/// Lets peers connect; what is wrong when they cannot.
private func listen(on sockets: [ListenerSocket], _ configuration: Configuration) -> StartError? {
    do throws(ListenerError) {
        try ListenerOpener.listen(on: sockets, configuration)
        return nil
    } catch {
        return StartError(line: error.line, exitCode: 1)
    }
}

extension Broker {
    /// Whether a socket belongs to a listener of the HTTP API.
    fileprivate func isHTTP(_ socket: ListenerSocket) -> Bool {
        settings.listeners[socket.listenerIndex].configuration.protocol == .httpApi
    }
}

private func startThreads(
    _ broker: Broker,
    _ sockets: [ListenerSocket],
    prepare: (BrokerThreads) -> Void
) throws(StartError) -> BrokerThreads {
    do throws(SystemError) {
        return try BrokerThreads(broker, sockets: sockets, prepare: prepare)
    } catch {
        throw StartError(line: "Error: Unable to start: \(error)", exitCode: 1)
    }
}
