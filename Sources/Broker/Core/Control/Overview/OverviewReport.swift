// SPDX-License-Identifier: Apache-2.0
// getOverview: the broker at a glance.

import Config
import JSON
import Net
import Synchronization
import Topics

/// The broker at a glance; reads files below `/proc`: not for reactors.
struct OverviewReport {
    private let broker: Broker
    private let sums: CounterSums
    private let process = ProcessFigures()
    private var figures = WorkerFigures()
    private var members = JSONMembers()

    /// What workers have is as of the last time they were asked.
    init(_ broker: Broker) {
        self.broker = broker
        sums = CounterSums(broker)
        for worker in broker.workers { figures += worker.figures.withLock { $0 } }
    }

    /// The answer.
    var data: JSONValue {
        var report = self
        report.addBroker()
        report.addClients()
        report.addMessages()
        report.addReactors()
        report.addMemory()
        report.members.add("warnings", OverviewWarnings(broker, process).texts)
        return report.members.object
    }

    private mutating func addBroker() {
        let uptime = Clock.monotonicMilliseconds() - broker.startedAt
        members.add("version", BrokerVersion.number)
        members.add("release", BrokerVersion.release)
        let now = Clock.wallNanoseconds() / 1_000_000
        members.add("time", Timestamp.text(milliseconds: now))
        members.add("started", Timestamp.text((now - uptime) / 1000))
        members.add("uptime", Int(uptime / 1000))
        members.add("status", broker.readinessWord)
    }

    private mutating func addClients() {
        var clients = JSONMembers()
        clients.add("sessions", broker.census.sessionCount)
        clients.add("connected", figures.connected.reduce(0, +))
        clients.add("offline", figures.offlineCount)
        clients.add("maximum", broker.census.mostSocketCount)
        clients.add("slow", figures.slowCount)
        for (version, count) in zip(WorkerFigures.versions, figures.connected) {
            clients.add("protocol-\(version)", count)
        }
        members.add("clients", clients.object)
        var subscriptions = JSONMembers()
        subscriptions.add("total", broker.subscriptions.subscriptionCount)
        subscriptions.add("shared", broker.subscriptions.sharedSubscriptionCount)
        subscriptions.add("shared-groups", broker.subscriptions.sharedGroupCount)
        members.add("subscriptions", subscriptions.object)
    }

    private mutating func addMessages() {
        var messages = JSONMembers()
        messages.add("received", Int(clamping: sums.publishReceived))
        messages.add("sent", Int(clamping: sums.publishSent))
        messages.add("dropped", Int(clamping: sums.dropped))
        messages.add("queued", figures.queuedCount)
        messages.add("queued-bytes", figures.queuedByteCount)
        messages.add("in-flight", figures.outgoingCount)
        messages.add("incoming", figures.incomingCount)
        messages.add("retained", broker.retained.count)
        messages.add("stored", StoredMessages.count)
        messages.add("stored-bytes", StoredMessages.byteCount)
        members.add("messages", messages.object)
        var drops = JSONMembers()
        let counters = broker.workers.map(\.counters)
        for reason in DropReason.allCases {
            let count = counters.sum { $0.dropped(reason) }
            if count > 0 { drops.add(reason.label, Int(clamping: count)) }
        }
        members.add("dropped", drops.object)
        var bytes = JSONMembers()
        bytes.add("received", Int(clamping: sums.bytesReceived))
        bytes.add("sent", Int(clamping: sums.bytesSent))
        members.add("bytes", bytes.object)
        addRates()
    }

    private mutating func addRates() {
        let sample = RateWindow.Sample(
            milliseconds: Clock.monotonicMilliseconds(),
            messagesReceived: sums.publishReceived,
            messagesSent: sums.publishSent,
            messagesDropped: sums.dropped,
            bytesReceived: sums.bytesReceived,
            bytesSent: sums.bytesSent,
            connects: sums.connects
        )
        let start = broker.startedAt
        let rates = broker.control.rates.withLock { $0.look(sample, start: start) }
        var entry = JSONMembers()
        for (name, number) in [
            ("seconds", rates.seconds), ("messages-received", rates.messagesReceived),
            ("messages-sent", rates.messagesSent), ("messages-dropped", rates.messagesDropped),
            ("bytes-received", rates.bytesReceived), ("bytes-sent", rates.bytesSent),
            ("connects", rates.connects),
        ] {
            entry.add(name, .number(number))
        }
        members.add("rates", entry.object)
    }

    private mutating func addReactors() {
        let reactors = broker.workers.map { worker -> JSONValue in
            let figures = ReactorFigures(worker)
            var entry = JSONMembers()
            entry.add("connections", figures.connectionCount)
            let milliseconds = Int(clamping: figures.busyNanoseconds / 1_000_000)
            entry.add("busy-milliseconds", milliseconds)
            entry.add("backlog-bytes", figures.backlogByteCount)
            return entry.object
        }
        members.add("reactors", .array(reactors))
    }

    private mutating func addMemory() {
        var memory = JSONMembers()
        memory.add("heap", broker.memory.bytesInUse(at: Clock.monotonicMilliseconds() / 1000))
        memory.add("heap-maximum", broker.memory.mostBytesInUse)
        let limit = broker.settings.configuration.memoryLimit
        if limit > 0 { memory.add("limit", limit) }
        if let bytes = process.residentByteCount { memory.add("resident", bytes) }
        members.add("memory", memory.object)
        var descriptors = JSONMembers()
        if let count = process.openDescriptorCount { descriptors.add("open", count) }
        if let count = process.descriptorMax { descriptors.add("limit", count) }
        members.add("descriptors", descriptors.object)
    }
}
