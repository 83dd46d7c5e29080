// SPDX-License-Identifier: Apache-2.0
// All metrics at one moment, as a plain value.

/// All metrics at one moment: families in order, each with its samples.
///
/// Gathered by `MetricsSnapshot(of:)`, rendered by `MetricsText`.
struct MetricsSnapshot: Sendable, Equatable {
    /// What a sample says.
    enum Value: Sendable, Equatable {
        case number(MetricNumber)
        case histogram(MetricHistogram)
    }

    /// One member of a family.
    struct Sample: Sendable, Equatable {
        /// The values of the family's labels.
        let labels: [String]
        let value: Value
    }

    /// A family with its members.
    struct Entry: Sendable, Equatable {
        let family: MetricFamily
        fileprivate(set) var samples: [Sample] = []
    }

    /// In the order in which they were first added.
    private(set) var entries: [Entry] = []

    init() {}

    /// Adds a number to a family; its members come in a row.
    mutating func add(_ family: MetricFamily, _ labels: [String], _ number: MetricNumber) {
        assert(family.kind != .histogram, "\(family.name) has observations")
        add(Sample(labels: labels, value: .number(number)), to: family)
    }

    /// Adds observations to a family.
    mutating func add(
        _ family: MetricFamily,
        _ labels: [String],
        _ histogram: MetricHistogram
    ) {
        assert(family.kind == .histogram, "\(family.name) has numbers")
        add(Sample(labels: labels, value: .histogram(histogram)), to: family)
    }

    /// Adds the number of a family of one series.
    mutating func add(_ family: MetricFamily, _ number: MetricNumber) { add(family, [], number) }

    /// Adds the observations of a family without labels.
    mutating func add(_ family: MetricFamily, _ histogram: MetricHistogram) {
        add(family, [], histogram)
    }

    private mutating func add(_ sample: Sample, to family: MetricFamily) {
        precondition(sample.labels.count == family.labels.count, "\(family.name): a value each")
        if entries.last?.family.name != family.name {
            assert(!entries.contains { $0.family.name == family.name }, "members come in a row")
            entries.append(Entry(family: family))
        }
        entries[entries.count - 1].samples.append(sample)
    }

    /// How many time series these are; a histogram is one for each bucket and two more.
    var seriesCount: Int {
        entries.reduce(0) { sum, entry in
            entry.samples.reduce(sum) { sum, sample in
                switch sample.value {
                case .number: sum + 1
                case .histogram(let histogram): sum + histogram.counts.count + 2
                }
            }
        }
    }
}
