// SPDX-License-Identifier: Apache-2.0
// The broker from the first log line to the last.

import Config
import Log

/// Runs the broker until a signal stops it, and returns the exit status of the process.
func runBroker(
    configuration: Configuration,
    commandLine: BrokerCommandLine,
    log: Log
) -> Int32 {
    defer { BrokerProcess.logTermination(log) }
    let signals: Signals
    do throws(StartError) {
        signals = try Signals()
    } catch {
        log.error(error.line)
        return error.exitCode
    }
    log.configure(configuration.logging)
    StartupLog.write(configuration, features: [], to: log)
    if configuration.isLocalOnly { StartupLog.writeLocalOnlyWarnings(to: log) }
    let notifier = ServiceNotifier()
    log.info("mosquitto version \(BrokerVersion.number) running")
    notifier.ready()
    var running = configuration
    while true {
        switch signals.next() {
        case .stop: return 0
        case .reload:
            log.info("Reloading config.")
            do throws(ConfigurationError) {
                running = try BrokerProcess.reloaded(running, commandLine, log)
                log.configure(running.logging)
            } catch {
                for line in error.lines { log.error(line) }
            }
        case .reopenLog: log.reopen()
        case .save, .printTree: continue
        case nil:
            if notifier.watchdogIntervalSeconds != nil { notifier.alive() }
            signals.wait(
                milliseconds: notifier.watchdogIntervalSeconds.map { CInt($0 * 1000) } ?? -1
            )
        }
    }
}
