// SPDX-License-Identifier: Apache-2.0
// The figures of `$SYS` under the names that exporters give them.

import Net
import Topics

extension MetricsSnapshot {
    /// Topics whose numbers only rise.
    private static let counters: Set = [
        "clients/expired", "messages/received", "messages/sent", "bytes/received", "bytes/sent",
        "publish/bytes/received", "publish/bytes/sent", "connections/socket/count",
        "publish/messages/dropped", "publish/messages/received", "publish/messages/sent",
    ]

    /// Gathers the figures of `$SYS`: those that are summed up are as of now, the averages as of the
    /// last round.
    init(sysOf broker: Broker) {
        self.init()
        let figures = SysFigures(broker)
        for metric in figures.metrics where !metric.topic.hasPrefix(SysFigures.pluginLevel) {
            let published = metric.isMaximum ? broker.publishedSysNumber(metric.topic) ?? 0 : 0
            let value = max(metric.value, Int64(published))
            add(Self.sysFamily(metric.topic), .integer(value))
        }
        let uptime = (Clock.monotonicMilliseconds() - broker.startedAt) / 1000
        add(Self.sysFamily("uptime"), .integer(uptime))
        for topic in SysTree.averageTopics {
            guard let value = broker.publishedSysNumber(topic) else { continue }
            add(Self.sysFamily(topic), .real(value))
        }
    }

    /// The family of a topic below `$SYS/broker/`.
    private static func sysFamily(_ topic: String) -> MetricFamily {
        let isCounter = counters.contains(topic) || topic.hasPrefix("mqtt/")
        return MetricFamily(
            name: sysName("broker/\(topic)"),
            kind: isCounter ? .counter : .gauge,
            labels: [],
            help: "$SYS/broker/\(topic)"
        )
    }

    /// A topic without `$SYS/` as a name: `/`, `-`, `.` and the space become `_`.
    static func sysName(_ topic: String) -> String {
        String(topic.map { "/-. ".contains($0) ? "_" : $0 })
    }
}

extension Broker {
    /// The number a topic below `$SYS/broker/` had in the last round; nil for none.
    func publishedSysNumber(_ topic: String) -> Double? {
        let bytes = Array("$SYS/broker/\(topic)".utf8)
        guard
            let value = bytes.withUnsafeBytes({
                retained.value(topic: RawSpan(_unsafeBytes: $0))
            })
        else { return nil }
        return Message(value).withPublication {
            Double(String(decoding: $0.payload, as: UTF8.self))
        }
    }
}
