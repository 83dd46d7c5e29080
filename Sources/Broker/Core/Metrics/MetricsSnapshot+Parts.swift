// SPDX-License-Identifier: Apache-2.0
// From figures of listeners, reactors, plugins and the disk to metrics.

import Net
import Persist

extension MetricHistogram {
    /// Durations in nanoseconds, in seconds.
    init(bounds: [Int64], counts: [UInt64], nanoseconds: UInt64) {
        self.init(
            bounds: bounds.map { Double($0) / 1e9 },
            counts: counts,
            sum: Double(nanoseconds) / 1e9
        )
    }
}

extension MetricsSnapshot {
    /// Adds listeners; those that are too many together.
    mutating func add(_ listeners: [ListenerFigures]) {
        let limit = MetricsLimits.listenerCount
        var (shown, others) = (Array(listeners.prefix(limit)), listeners.dropFirst(limit))
        if !others.isEmpty {
            var sum = ListenerFigures(name: MetricsLimits.other, protocol: MetricsLimits.other)
            while let next = others.popFirst() { sum += next }
            shown.append(sum)
        }
        for listener in shown {
            add(.listenerConnections, listener.labels, .count(listener.connectionCount))
        }
        for listener in shown {
            let limit = listener.limit > 0 ? listener.limit : -1
            add(.listenerLimit, listener.labels, .count(limit))
        }
        for listener in shown { add(.listenerAccepted, listener.labels, .count(listener.accepted)) }
        for listener in shown {
            for reason in ListenerRejection.allCases {
                add(
                    .listenerRejected,
                    listener.labels + [reason.label],
                    .count(listener.rejected[reason.rawValue])
                )
            }
        }
        addHandshakes(shown)
    }

    private mutating func addHandshakes(_ listeners: [ListenerFigures]) {
        let secure = listeners.compactMap { listener in
            listener.handshakes.map { (labels: listener.labels, handshakes: $0) }
        }
        for (labels, handshakes) in secure {
            let done = handshakes.counts.reduce(0, &+)
            add(.handshakes, labels + ["done"], .count(done))
            add(.handshakes, labels + ["failed"], .count(handshakes.failed))
        }
        for (labels, handshakes) in secure {
            add(
                .handshakeSeconds,
                labels,
                MetricHistogram(
                    bounds: TLSFigures.boundsNanoseconds,
                    counts: handshakes.counts,
                    nanoseconds: handshakes.nanoseconds
                )
            )
        }
        for listener in listeners {
            for end in listener.certificateEnds {
                add(.certificateEnd, [listener.name, end.kind.rawValue], .integer(end.second))
            }
        }
    }

    /// Adds reactors; those that are too many together.
    mutating func add(_ reactors: [ReactorFigures]) {
        let limit = MetricsLimits.reactorCount
        var (shown, others) = (Array(reactors.prefix(limit)), reactors.dropFirst(limit))
        if !others.isEmpty {
            var sum = ReactorFigures(name: MetricsLimits.other)
            while let next = others.popFirst() { sum += next }
            shown.append(sum)
        }
        for reactor in shown {
            add(.reactorBusy, [reactor.name], .seconds(nanoseconds: reactor.busyNanoseconds))
        }
        for reactor in shown {
            add(
                .reactorTurn,
                [reactor.name],
                MetricHistogram(
                    bounds: TurnFigures.boundsNanoseconds,
                    counts: reactor.turns,
                    nanoseconds: reactor.busyNanoseconds
                )
            )
        }
        for reactor in shown {
            add(.reactorBacklog, [reactor.name], .count(reactor.backlogByteCount))
        }
        for reactor in shown {
            add(.reactorClients, [reactor.name], .count(reactor.connectionCount))
        }
    }

    /// Adds what was counted about plugins; nothing without any.
    mutating func add(_ hooks: HookFigures) {
        let plugins = hooks.named
        for plugin in plugins.prefix(MetricsLimits.pluginCount) {
            add(.plugin, [plugin.name, plugin.version], .integer(1))
        }
        addProcesses(of: plugins.prefix(MetricsLimits.pluginCount))
        let rows = hooks.rows
        for row in rows { add(.pluginCalls, row.labels, .count(row.event.calls)) }
        for row in rows { add(.pluginErrors, row.labels, .count(row.event.errors)) }
        for row in rows {
            add(.pluginSeconds, row.labels, .seconds(nanoseconds: row.event.nanoseconds))
        }
        for row in rows { add(.pluginSlow, row.labels, .count(row.event.slowCalls)) }
        guard !hooks.waits.isEmpty else { return }
        add(.laneWaiting, .count(hooks.waitingCount))
        add(
            .laneWait,
            MetricHistogram(
                bounds: hooks.waitBounds,
                counts: hooks.waits,
                nanoseconds: hooks.waitNanoseconds
            )
        )
    }

    private mutating func addProcesses(of plugins: some Sequence<HookFigures.Plugin>) {
        let rows = plugins.compactMap { plugin in plugin.process.map { ([plugin.name], $0) } }
        for (labels, process) in rows { add(.pluginProcess, labels, .flag(process.isRunning)) }
        for (labels, process) in rows { add(.pluginRestarts, labels, .count(process.restarts)) }
        for (labels, process) in rows { add(.pluginMemory, labels, .count(process.memoryBytes)) }
        for (labels, process) in rows { add(.pluginPending, labels, .count(process.pendingCount)) }
        for (labels, process) in rows { add(.pluginFailed, labels, .count(process.failedAnswers)) }
    }

    /// Adds what is known about durable state.
    mutating func add(_ durable: DurableFigures) {
        add(.restoreSeconds, .seconds(nanoseconds: durable.restoreNanoseconds))
        let restored = durable.restored
        for (object, count) in [
            ("session", restored.sessionCount), ("subscription", restored.subscriptionCount),
            ("message", restored.deliveryCount), ("retained", restored.retainedCount),
        ] {
            add(.restored, [object], .count(count))
        }
        let last = max(durable.lastSaveAt, durable.log?.lastCheckpointAt ?? 0)
        add(.checkpointAt, .integer(last))
        if let log = durable.log { add(.logBytes, .count(log.byteCount)) }
        add(.persistenceErrors, .count(durable.errorCount))
        if let log = durable.log {
            add(
                .syncSeconds,
                MetricHistogram(
                    bounds: SyncDurations.boundsNanoseconds,
                    counts: log.syncs.counts,
                    nanoseconds: UInt64(max(0, log.syncs.totalNanoseconds))
                )
            )
        }
        add(.writable, .flag(durable.isWritable))
    }
}

extension ListenerFigures {
    fileprivate var labels: [String] { [name, `protocol`] }
}

extension HookFigures {
    /// The plugins, each with a name of its own: a plugin that is loaded twice is numbered.
    var named: [Plugin] {
        var counts: [String: Int] = [:]
        return plugins.map { plugin in
            counts[plugin.name, default: 0] += 1
            let number = counts[plugin.name] ?? 1
            return number == 1
                ? plugin
                : Plugin(
                    name: "\(plugin.name)#\(number)",
                    version: plugin.version,
                    events: plugin.events,
                    process: plugin.process
                )
        }
    }

    /// The events of all plugins with their labels; those that are too many together.
    fileprivate var rows: [(labels: [String], event: Event)] {
        var rows: [(labels: [String], event: Event)] = []
        for plugin in named {
            // Two events have the same name in log lines.
            var events: [(name: String, event: Event)] = []
            for event in plugin.events {
                if let index = events.firstIndex(where: { $0.name == event.name }) {
                    events[index].event = events[index].event.adding(event)
                } else {
                    events.append((event.name, event))
                }
            }
            rows += events.map { ([plugin.name, $0.name], $0.event) }
        }
        let limit = MetricsLimits.pluginEventCount
        guard rows.count > limit, let first = rows[limit...].first else { return rows }
        let sum = rows[limit...].dropFirst().reduce(first.event) { $0.adding($1.event) }
        return rows.prefix(limit) + [([MetricsLimits.other, MetricsLimits.other], sum)]
    }
}

extension HookFigures.Event {
    fileprivate func adding(_ other: HookFigures.Event) -> HookFigures.Event {
        HookFigures.Event(
            name: name,
            calls: calls &+ other.calls,
            errors: errors &+ other.errors,
            nanoseconds: nanoseconds &+ other.nanoseconds,
            slowCalls: slowCalls &+ other.slowCalls
        )
    }
}
