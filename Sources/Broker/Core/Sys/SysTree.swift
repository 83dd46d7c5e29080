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

    /// The topics of the averages.
    static var averageTopics: [String] {
        loadTopics.flatMap { Load(topic: $0).initial.map(\.topic) }
    }

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
