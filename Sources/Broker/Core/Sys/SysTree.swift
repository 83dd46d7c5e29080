// SPDX-License-Identifier: Apache-2.0
// The `$SYS` topics; docs/operations.md says which to watch.

import Glibc
import MQTT
import Net
import Topics

/// Turns counters into `$SYS` messages, one round at a time; remembers what was sent last.
package struct SysTree {
    /// One message of a round, below `$SYS/broker/`.
    package typealias Message = (topic: String, payload: String)

    private let version: String
    private var lastSent: [String: Int64] = [:]
    private var loads: [Load]
    private var lastRoundAt: Int64?
    private var isFirst = true

    /// Starts without anything sent; `version` is the number of the broker.
    package init(version: String) {
        self.version = version
        loads = Self.loadTopics.map { Load(topic: $0) }
    }

    private static let loadTopics = [
        "messages/received", "messages/sent", "publish/dropped", "publish/received",
        "publish/sent", "bytes/received", "bytes/sent", "sockets", "connections",
    ]

    /// What comes before the first round, and is counted by it.
    package var opening: [Message] {
        [("version", "mosquitto version \(version)"), ("uptime", "0 seconds")]
    }

    /// The messages of a round, in the order of publication.
    ///
    /// `uptime` is in whole seconds.
    package mutating func round(_ figures: SysFigures, uptime: Int64) -> [Message] {
        var messages: [Message] = []
        if !isFirst { messages.append(("uptime", "\(uptime) seconds")) }
        if isFirst {
            appendMetrics(figures, &messages)
            for load in loads { messages += load.initial }
            isFirst = false
            lastRoundAt = uptime
        } else {
            appendLoads(figures, uptime, &messages)
            appendMetrics(figures, &messages)
        }
        for index in loads.indices { loads[index].counter = figures.loadCounters[index] }
        return messages
    }

    private mutating func appendLoads(
        _ figures: SysFigures,
        _ uptime: Int64,
        _ messages: inout [Message]
    ) {
        let elapsed = uptime - (lastRoundAt ?? uptime)
        guard elapsed > 0 else { return }
        lastRoundAt = uptime
        for index in loads.indices {
            messages += loads[index].advance(to: figures.loadCounters[index], seconds: elapsed)
        }
    }

    private mutating func appendMetrics(_ figures: SysFigures, _ messages: inout [Message]) {
        for metric in figures.metrics {
            let last = lastSent[metric.topic] ?? 1
            let isNews = metric.isMaximum ? metric.value > last : metric.value != last
            guard isNews else { continue }
            lastSent[metric.topic] = metric.value
            messages.append((metric.topic, "\(metric.value)"))
        }
    }
}

/// The exponential averages of one counter, per minute.
private struct Load {
    let topic: String
    var counter: UInt64 = 0
    private var averages: [Double] = [0, 0, 0]

    private static let periods: [(name: String, seconds: Double)] = [
        ("1min", 60), ("5min", 300), ("15min", 900),
    ]

    init(topic: String) {
        self.topic = topic
    }

    /// What the first round publishes.
    var initial: [SysTree.Message] {
        Self.periods.map { ("load/\(topic)/\($0.name)", "0.00") }
    }

    /// New averages; those that moved by 0.01 or more are published.
    mutating func advance(to now: UInt64, seconds: Int64) -> [SysTree.Message] {
        let rate = Double(now &- counter) * 60 / Double(seconds)
        var messages: [SysTree.Message] = []
        for (index, period) in Self.periods.enumerated() {
            let old = averages[index]
            let new = rate + exp(-Double(seconds) / period.seconds) * (old - rate)
            averages[index] = new
            if abs(new - old) >= 0.01 {
                messages.append(("load/\(topic)/\(period.name)", Self.format(new)))
            }
        }
        return messages
    }

    /// Two decimals, as C's `%.2f`.
    private static func format(_ value: Double) -> String {
        let rounded = (value * 100).rounded(.toNearestOrEven)
        // Beyond this a number with two decimals is none.
        let hundredths = Int64(max(-0x1p62, min(rounded, 0x1p62)))
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }
}

/// The state of the broker at one moment, as `$SYS` shows it.
package struct SysFigures {
    /// One topic with its value.
    package struct Metric {
        let topic: String
        let value: Int64
        let isMaximum: Bool
    }

    /// In the order of publication.
    package let metrics: [Metric]
    /// The counters that are averaged, in the order of the load topics.
    let loadCounters: [UInt64]

    /// Sums up what all workers have counted.
    package init(_ broker: Broker) {
        let sums = CounterSums(broker)
        loadCounters = [
            sums.packetsReceived, sums.packetsSent, sums.dropped, sums.publishReceived,
            sums.publishSent, sums.bytesReceived, sums.bytesSent, sums.sockets, sums.connects,
        ]
        metrics =
            Self.clientMetrics(broker, sums) + Self.storeMetrics(broker)
            + Self.trafficMetrics(broker, sums) + Self.packetMetrics(broker)
    }

    private static func metric(_ topic: String, _ value: Int) -> Metric {
        Metric(topic: topic, value: Int64(value), isMaximum: false)
    }

    private static func metric(_ topic: String, _ value: UInt64) -> Metric {
        Metric(topic: topic, value: Int64(truncatingIfNeeded: value), isMaximum: false)
    }

    private static func clientMetrics(_ broker: Broker, _ sums: CounterSums) -> [Metric] {
        let total = broker.census.sessionCount
        let connected = broker.census.socketCount
        let away = max(0, total - connected)
        return [
            metric("clients/total", total),
            Metric(topic: "clients/maximum", value: Int64(total), isMaximum: true),
            metric("clients/disconnected", away),
            metric("clients/inactive", away),
            metric("clients/connected", connected),
            metric("clients/active", connected),
            metric("clients/expired", sums.expired),
        ]
    }

    private static func storeMetrics(_ broker: Broker) -> [Metric] {
        let stored = StoredMessages.count
        let heap = broker.memory.bytesInUse(at: Clock.monotonicMilliseconds() / 1000)
        return [
            metric("messages/stored", stored),
            metric("store/messages/count", stored),
            metric("store/messages/bytes", StoredMessages.byteCount),
            metric("subscriptions/count", broker.subscriptions.subscriptionCount),
            metric("shared_subscriptions/count", broker.subscriptions.sharedSubscriptionCount),
            metric("retained messages/count", broker.retained.count),
            metric("heap/current", heap),
            Metric(topic: "heap/maximum", value: Int64(heap), isMaximum: true),
        ]
    }

    private static func trafficMetrics(_ broker: Broker, _ sums: CounterSums) -> [Metric] {
        let gauges = broker.workers.map(\.gauges)
        return [
            metric("messages/received", sums.packetsReceived),
            metric("messages/sent", sums.packetsSent),
            metric("bytes/received", sums.bytesReceived),
            metric("bytes/sent", sums.bytesSent),
            metric("publish/bytes/received", sums.publishBytesReceived),
            metric("publish/bytes/sent", sums.publishBytesSent),
            metric("packet/out/count", gauges.reduce(0) { $0 + $1.packetsWaiting }),
            metric("packet/out/bytes", gauges.reduce(0) { $0 + $1.bytesWaiting }),
            metric("connections/socket/count", sums.sockets),
            metric("publish/messages/dropped", sums.dropped),
            metric("publish/messages/received", sums.publishReceived),
            metric("publish/messages/sent", sums.publishSent),
        ]
    }

    private static func packetMetrics(_ broker: Broker) -> [Metric] {
        let counters = broker.workers.map(\.counters)
        return PacketType.allCases.flatMap { type in
            let received = counters.reduce(0) { $0 &+ $1.received.current(type) }
            let sent = counters.reduce(0) { $0 &+ $1.sent.current(type) }
            return [
                metric("mqtt/\(type)/received", received),
                metric("mqtt/\(type)/sent", sent),
            ]
        }
    }
}

/// Counters summed over all workers.
private struct CounterSums {
    var packetsReceived: UInt64 = 0
    var packetsSent: UInt64 = 0
    var publishReceived: UInt64 = 0
    var publishSent: UInt64 = 0
    var connects: UInt64 = 0
    var bytesReceived: UInt64 = 0
    var bytesSent: UInt64 = 0
    var publishBytesReceived: UInt64 = 0
    var publishBytesSent: UInt64 = 0
    var dropped: UInt64 = 0
    var sockets: UInt64 = 0
    var expired: UInt64 = 0

    init(_ broker: Broker) {
        for worker in broker.workers {
            let counters = worker.counters
            for type in PacketType.allCases {
                packetsReceived &+= counters.received.current(type)
                packetsSent &+= counters.sent.current(type)
            }
            publishReceived &+= counters.received.publish.current
            publishSent &+= counters.sent.publish.current
            connects &+= counters.received.connect.current
            bytesReceived &+= counters.bytesReceived.current
            bytesSent &+= counters.bytesSent.current
            publishBytesReceived &+= counters.publishBytesReceived.current
            publishBytesSent &+= counters.publishBytesSent.current
            dropped &+= counters.dropped.current
            sockets &+= counters.socketsAccepted.current
            expired &+= counters.clientsExpired.current
        }
    }
}
