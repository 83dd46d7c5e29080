// SPDX-License-Identifier: Apache-2.0
// All metrics of a broker, gathered from what its threads have counted.

import Config
import Log
import MQTT
import Net
import Synchronization
import Topics

extension MetricsSnapshot {
    /// Gathers all metrics; what workers have is as of the last time they were asked.
    ///
    /// Reads files below `/proc`: not for reactors.
    init(of broker: Broker) {
        self.init()
        add(ProcessFigures())
        addState(of: broker)
        var figures = WorkerFigures()
        for worker in broker.workers { figures += worker.figures.withLock { $0 } }
        let counters = broker.workers.map(\.counters)
        addClients(figures, counters, broker)
        addTraffic(counters, broker)
        addMessages(figures, counters, broker)
        add(broker.settings.listeners.map { broker.figures(of: $0) })
        add(broker.workers.map(ReactorFigures.init))
        addAccess(counters)
        if let hooks = broker.hooks { add(hooks.figures) }
        add(broker.durableFigures)
        addLog(broker.log.lineFigures)
        for handler in HTTPHandler.allCases {
            for status in HTTPStatusClass.allCases {
                let count = counters.sum { $0.httpRequests(handler, status) }
                add(.httpRequests, [handler.label, status.label], .count(count))
            }
        }
        assert(seriesCount <= MetricsLimits.seriesMax, "no configuration makes too many series")
    }

    /// Control packets with what they are called as labels.
    private static let packetNames = PacketType.allCases.map { (type: $0, name: "\($0)") }

    // MARK: Process and broker

    private mutating func add(_ process: ProcessFigures) {
        add(.cpu, .real(process.cpuSeconds))
        if let bytes = process.residentByteCount { add(.resident, .count(bytes)) }
        if let bytes = process.virtualByteCount { add(.virtual, .count(bytes)) }
        if let count = process.openDescriptorCount { add(.openDescriptors, .count(count)) }
        if let count = process.descriptorMax { add(.descriptorMax, .count(count)) }
        if let count = process.threadCount { add(.threads, .count(count)) }
        if let second = process.startedAt { add(.startTime, .real(second)) }
    }

    private mutating func addState(of broker: Broker) {
        let now = Clock.monotonicMilliseconds()
        add(.build, [BrokerVersion.number], .integer(1))
        add(.ready, .flag(broker.readiness == .ready))
        add(.uptime, .real(Double(now - broker.startedAt) / 1000))
        add(.reloadGood, .flag(broker.health.hasGoodConfiguration))
        add(.reloadedAt, .integer(broker.health.configuredAt))
        let heap = broker.memory.bytesInUse(at: now / 1000)
        add(.heap, .count(heap))
        add(.heapMax, .count(max(heap, broker.memory.mostBytesInUse)))
        add(.memoryLimit, .count(broker.settings.configuration.memoryLimit))
    }

    // MARK: Clients

    private mutating func addClients(
        _ figures: WorkerFigures,
        _ counters: [Counters],
        _ broker: Broker
    ) {
        add(.sessions, .count(broker.census.sessionCount))
        for (version, count) in zip(WorkerFigures.versions, figures.connected) {
            add(.clients, [version], .count(count))
        }
        add(.clientsMax, .count(broker.census.mostSocketCount))
        add(.clientsOffline, .count(figures.offlineCount))
        add(.clientsSlow, .count(figures.slowCount))
        add(.clientsParked, .count(figures.parkedCount))
        add(.connects, .count(counters.sum { $0.connects.current }))
        for reason in EndReason.allCases {
            add(.disconnects, [reason.label], .count(counters.sum { $0.ended(reason) }))
        }
        add(.sessionsCreated, .count(counters.sum { $0.sessionsCreated.current }))
        add(.sessionsResumed, .count(counters.sum { $0.sessionsResumed.current }))
        add(.sessionsTakenOver, .count(counters.sum { $0.sessionsTakenOver.current }))
        add(.sessionsExpired, .count(counters.sum { $0.clientsExpired.current }))
        add(.protocolErrors, ["unknown"], .count(counters.sum { $0.violations.current(0) }))
        for (type, name) in Self.packetNames {
            let count = counters.sum { $0.violations.current(Int(type.rawValue)) }
            add(.protocolErrors, [name], .count(count))
        }
    }

    private mutating func addAccess(_ counters: [Counters]) {
        var ended: UInt64 = 0
        for result in AuthenticationResult.allCases {
            for method in AuthenticationMethod.allCases {
                let count = counters.sum { $0.authentications(result, method) }
                // Requests over HTTP are counted when they are decided about.
                if method != .http { ended &+= count }
                add(.authentications, [result.label, method.label], .count(count))
            }
        }
        // Read after the ends, so that it is never less.
        let begun = counters.sum { $0.loginsBegun.current }
        add(.authenticationsPending, .count(begun &- min(begun, ended)))
        for access in CountedAccess.allCases {
            for isAllowed in [true, false] {
                for decider in AccessDecider.allCases {
                    let count = counters.sum {
                        $0.authorizations(access, isAllowed: isAllowed, by: decider)
                    }
                    let result = isAllowed ? "allowed" : "denied"
                    add(.authorizations, [access.label, result, decider.label], .count(count))
                }
            }
        }
    }

    // MARK: Messages

    private mutating func addTraffic(_ counters: [Counters], _ broker: Broker) {
        add(.subscriptions, .count(broker.subscriptions.subscriptionCount))
        add(.sharedSubscriptions, .count(broker.subscriptions.sharedSubscriptionCount))
        add(.sharedGroups, .count(broker.subscriptions.sharedGroupCount))
        for qos: UInt8 in 0...2 {
            add(.published, ["\(qos)"], .count(counters.sum { $0.received.publishes(qos: qos) }))
        }
        for qos: UInt8 in 0...2 {
            add(.delivered, ["\(qos)"], .count(counters.sum { $0.sent.publishes(qos: qos) }))
        }
        add(.publishedBytes, .count(counters.sum { $0.publishBytesReceived.current }))
        add(.deliveredBytes, .count(counters.sum { $0.publishBytesSent.current }))
        add(.unrouted, .count(counters.sum { $0.unrouted.current }))
        for reason in DropReason.allCases {
            add(.dropped, [reason.label], .count(counters.sum { $0.dropped(reason) }))
        }
        for (type, name) in Self.packetNames {
            add(.packetsReceived, [name], .count(counters.sum { $0.received.current(type) }))
        }
        for (type, name) in Self.packetNames {
            add(.packetsSent, [name], .count(counters.sum { $0.sent.current(type) }))
        }
        add(.bytesReceived, .count(counters.sum { $0.bytesReceived.current }))
        add(.bytesSent, .count(counters.sum { $0.bytesSent.current }))
    }

    private mutating func addMessages(
        _ figures: WorkerFigures,
        _ counters: [Counters],
        _ broker: Broker
    ) {
        add(.stored, .count(StoredMessages.count))
        add(.storedBytes, .count(StoredMessages.byteCount))
        add(.queued, .count(figures.queuedCount))
        add(.queuedBytes, .count(figures.queuedByteCount))
        add(.inflight, ["in"], .count(figures.incomingCount))
        add(.inflight, ["out"], .count(figures.outgoingCount))
        add(.retained, .count(broker.retained.count))
        let removed = counters.sum { $0.retainedBytesRemoved.current }
        let added = counters.sum { $0.retainedBytesAdded.current }
        add(.retainedBytes, .count(added &- min(added, removed)))
        add(.willsPending, .count(figures.pendingWillCount))
        add(.willsPublished, .count(counters.sum { $0.willsPublished.current }))
        add(.outputPackets, .count(figures.packetsWaiting))
        add(.outputBytes, .count(figures.bytesWaiting))
        for qos in 0...2 {
            var counts = [UInt64](repeating: 0, count: Counters.deliveryBounds.count + 1)
            let nanoseconds = counters.sum { $0.addDeliveries(qos: qos, to: &counts) }
            add(
                .deliverySeconds,
                ["\(qos)"],
                MetricHistogram(
                    bounds: Counters.deliveryBounds,
                    counts: counts,
                    nanoseconds: nanoseconds
                )
            )
        }
    }

    private mutating func addLog(_ lines: LogLineFigures) {
        for (index, count) in lines.counts.enumerated() {
            let types = LogLineFigures.types
            let level = index < types.count ? types[index].name : MetricsLimits.other
            add(.logLines, [level], .count(count))
        }
        add(.logLinesLost, .count(lines.lostCount))
    }
}

extension [Counters] {
    /// What all workers have counted together.
    func sum(_ count: (Counters) -> UInt64) -> UInt64 {
        reduce(0) { $0 &+ count($1) }
    }
}

extension ReactorFigures {
    /// What is known of a worker's reactor.
    init(_ worker: WorkerHandle) {
        self.init(name: "\(worker.index)")
        busyNanoseconds = worker.turns.busy
        turns = worker.turns.histogram
        backlogByteCount = worker.backpressure.byteCount
        connectionCount = worker.figures.withLock { $0.connectionCount }
    }
}

extension Broker {
    /// What is known of a listener.
    func figures(of listener: ListenerSettings) -> ListenerFigures {
        let configuration = listener.configuration
        let host = configuration.host ?? "*"
        let address = "\(host.contains(":") ? "[\(host)]" : host):\(configuration.port)"
        var figures = ListenerFigures(
            name: configuration.unixSocketPath ?? address,
            protocol: configuration.protocol.rawValue
        )
        figures.connectionCount = listener.load.connectionCount
        figures.limit = configuration.maxConnections
        figures.accepted = listener.load.acceptedCount
        figures.rejected = ListenerRejection.allCases.map { listener.load.rejectedCount($0) }
        guard let tls = settings.transports[listener.index].tls else { return figures }
        figures.handshakes = ListenerFigures.HandshakeCounts(
            counts: tls.figures.histogram,
            nanoseconds: tls.figures.totalNanoseconds,
            failed: tls.figures.failureCount
        )
        figures.certificateEnds = tls.certificateEnds
        return figures
    }
}
