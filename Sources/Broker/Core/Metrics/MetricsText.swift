// SPDX-License-Identifier: Apache-2.0
// Metrics as text: that of Prometheus, and OpenMetrics.

/// Writes a snapshot in one of the two text formats.
struct MetricsText {
    /// What is written.
    enum Format: Sendable {
        /// The text format of Prometheus, version 0.0.4.
        case prometheus
        /// OpenMetrics, version 1.0.0.
        case openMetrics

        /// What HTTP calls the format.
        var contentType: String {
            switch self {
            case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
            case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            }
        }

        /// The format that an Accept field asks for: OpenMetrics where it is named and not refused.
        init(accept: String?) {
            let isNamed = (accept ?? "").split(separator: ",").contains { range in
                let parts = range.split(separator: ";").map {
                    $0.lowercased().filter { !$0.isWhitespace }
                }
                let isRefused = parts.dropFirst().contains { part in
                    part.hasPrefix("q=") && Double(part.dropFirst(2)) == 0
                }
                return parts.first == "application/openmetrics-text" && !isRefused
            }
            self = isNamed ? .openMetrics : .prometheus
        }
    }

    private let format: Format
    private var bytes: [UInt8] = []
    /// The bounds of the last histogram, and what is written for them: the next one mostly has the same.
    private var lastBounds: [Double] = []
    private var boundTexts: [[UInt8]] = []

    private init(_ format: Format) { self.format = format }

    /// The bytes of a snapshot.
    static func render(_ snapshot: MetricsSnapshot, as format: Format) -> [UInt8] {
        var text = MetricsText(format)
        text.bytes.reserveCapacity(64 * snapshot.seriesCount)
        for entry in snapshot.entries { text.write(entry) }
        if format == .openMetrics { text.append("# EOF\n") }
        return text.bytes
    }

    private mutating func write(_ entry: MetricsSnapshot.Entry) {
        let family = entry.family
        writeHead(of: family)
        // What OpenMetrics calls a counter has the ending in its samples.
        for sample in entry.samples {
            switch sample.value {
            case .number(let number):
                append(family.name)
                writeLabels(family.labels, sample.labels)
                append(number)
            case .histogram(let histogram): write(histogram, family, sample.labels)
            }
        }
    }

    private mutating func writeHead(of family: MetricFamily) {
        var name = family.name[...]
        var kind = family.kind.rawValue
        if format == .openMetrics, family.kind == .counter {
            if name.hasSuffix(MetricFamily.totalSuffix) {
                name = name.dropLast(MetricFamily.totalSuffix.count)
            } else {
                kind = "unknown"
            }
        }
        append("# HELP \(name) ")
        append(family.help)
        append("\n# TYPE \(name) \(kind)\n")
    }

    private mutating func write(
        _ histogram: MetricHistogram,
        _ family: MetricFamily,
        _ labels: [String]
    ) {
        if lastBounds != histogram.bounds {
            lastBounds = histogram.bounds
            boundTexts = histogram.bounds.map { Array("\($0)\"}".utf8) } + [Array("+Inf\"}".utf8)]
        }
        // What all buckets begin with: only their bounds differ.
        let start = bytes.count
        append(family.name)
        append("_bucket{")
        for (index, name) in family.labels.enumerated() {
            append(name, labels[index])
            append(",")
        }
        append("le=\"")
        let prefix = Array(bytes[start...])
        bytes.removeSubrange(start...)
        var sum: UInt64 = 0
        for (index, count) in histogram.counts.enumerated() {
            sum &+= count
            bytes += prefix
            bytes += boundTexts[index]
            append(.count(sum))
        }
        append(family.name)
        append("_sum")
        writeLabels(family.labels, labels)
        append(.real(histogram.sum))
        append(family.name)
        append("_count")
        writeLabels(family.labels, labels)
        append(.count(sum))
    }

    private mutating func writeLabels(_ names: [String], _ values: [String]) {
        guard !names.isEmpty else { return }
        for (index, name) in names.enumerated() {
            append(index == 0 ? "{" : ",")
            append(name, values[index])
        }
        append("}")
    }

    /// A label with its value, in which a quotation mark, backslash and line feed are escaped.
    private mutating func append(_ name: String, _ value: String) {
        append(name)
        append("=\"")
        if value.utf8.contains(where: { $0 == 0x22 || $0 == 0x5C || $0 == 0x0A }) {
            for byte in value.utf8 { appendEscaped(byte) }
        } else {
            append(value)
        }
        append("\"")
    }

    private mutating func appendEscaped(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\\"): append("\\\\")
        case UInt8(ascii: "\""): append("\\\"")
        case UInt8(ascii: "\n"): append("\\n")
        default: bytes.append(byte)
        }
    }

    private mutating func append(_ number: MetricNumber) {
        switch number {
        case .integer(let integer):
            append(" ")
            append(integer)
            append("\n")
        case .real(let real): append(" \(real)\n")
        }
    }

    /// An integer in decimal digits.
    private mutating func append(_ integer: Int64) {
        if integer < 0 { append("-") }
        let start = bytes.count
        var rest = integer.magnitude
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
}
