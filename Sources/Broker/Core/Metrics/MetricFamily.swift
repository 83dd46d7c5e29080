// SPDX-License-Identifier: Apache-2.0
// What a family of metrics is: name, type, labels, meaning.

/// Series of one name; `MetricFamily+Table.swift` and `MetricFamily+Parts.swift` have all there are.
struct MetricFamily: Sendable, Equatable {
    /// How the numbers of a family behave.
    enum Kind: String, Sendable {
        /// Goes up and down.
        case gauge
        /// Only goes up, but for a restart; its name ends with `_total`.
        case counter
        /// Observations counted by size.
        case histogram
    }

    /// The whole name.
    let name: String
    let kind: Kind
    /// The names of the labels, in the order in which samples give their values.
    let labels: [String]
    /// One sentence, without a full stop.
    let help: String

    /// A family whose number goes up and down.
    static func gauge(
        _ name: String,
        _ labels: [String],
        _ help: String
    ) -> MetricFamily {
        MetricFamily(name: name, kind: .gauge, labels: labels, help: help)
    }

    /// A family that counts.
    static func counter(
        _ name: String,
        _ labels: [String],
        _ help: String
    ) -> MetricFamily {
        assert(name.hasSuffix(totalSuffix), "\(name): what counts says so")
        return MetricFamily(name: name, kind: .counter, labels: labels, help: help)
    }

    /// A family of observations.
    static func histogram(
        _ name: String,
        _ labels: [String],
        _ help: String
    ) -> MetricFamily {
        MetricFamily(name: name, kind: .histogram, labels: labels, help: help)
    }

    /// A family whose number goes up and down, of one series.
    static func gauge(_ name: String, _ help: String) -> MetricFamily { gauge(name, [], help) }

    /// A family that counts, of one series.
    static func counter(_ name: String, _ help: String) -> MetricFamily { counter(name, [], help) }

    /// A family of observations of one kind.
    static func histogram(_ name: String, _ help: String) -> MetricFamily {
        histogram(name, [], help)
    }

    /// What names of counters end with.
    static let totalSuffix = "_total"
}
