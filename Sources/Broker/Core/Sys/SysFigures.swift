// SPDX-License-Identifier: Apache-2.0
// The state of the broker at one moment, for $SYS.

import MQTT
import Net
import Topics

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
            + Self.pluginMetrics(broker)
    }

    private static func metric(_ topic: String, _ value: Int) -> Metric {
        Metric(topic: topic, value: Int64(value), isMaximum: false)
    }

    private static func metric(_ topic: String, _ value: UInt64) -> Metric {
        Metric(topic: topic, value: Int64(truncatingIfNeeded: value), isMaximum: false)
    }

    /// How often the processes of plugins were started anew, and what they have yet to answer.
    private static func pluginMetrics(_ broker: Broker) -> [Metric] {
        guard let hooks = broker.hooks, hooks.hasHelpers else { return [] }
        return hooks.figures.named.flatMap { plugin -> [Metric] in
            guard let process = plugin.process else { return [] }
            let level = String(plugin.name.map { "/+#".contains($0) ? "_" : $0 })
            return [
                metric("\(pluginLevel)\(level)/restarts", process.restarts),
                metric("\(pluginLevel)\(level)/pending", process.pendingCount),
                metric("\(pluginLevel)\(level)/memory", process.memoryBytes),
                metric("\(pluginLevel)\(level)/pid", process.pid),
            ]
        }
    }

    /// What topics about plugins begin with.
    static let pluginLevel = "plugins/"

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
