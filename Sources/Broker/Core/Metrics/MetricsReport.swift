// SPDX-License-Identifier: Apache-2.0
// One answer to who asks for metrics.

import Synchronization

/// Which names metrics have.
enum MetricNames: Sendable {
    /// Those of the table.
    case own
    /// Those that exporters make of `$SYS` topics.
    case sys
}

/// What somebody has asked for, to be gathered and written on a thread that no client waits for.
struct MetricsReport: Sendable {
    /// Which names the metrics have.
    let names: MetricNames
    /// How they are written.
    let format: MetricsText.Format
    /// Whose metrics they are.
    let broker: Broker

    /// The bytes of an answer; what workers have is as of the last time they were asked.
    ///
    /// Reads files below `/proc`: not for reactors.
    func make() -> [UInt8] {
        switch names {
        case .own: MetricsText.render(MetricsSnapshot(of: broker), as: format)
        case .sys: MetricsText.render(MetricsSnapshot(sysOf: broker), as: format)
        }
    }

    /// Has all workers look at their sessions, then calls `body` once, on the thread of the last one.
    ///
    /// Never calls it if one of them is stuck or has ended.
    static func updateFigures(of broker: Broker, _ body: @escaping @Sendable () -> Void) {
        let answers = Answers(broker.workers.count, body)
        for worker in broker.workers {
            worker.post { worker in
                worker.updateGauges()
                worker.updateFigures { answers.arrive() }
            }
        }
    }
}

/// Calls its body when every worker has answered.
private final class Answers: Sendable {
    private let missing: Atomic<Int>
    private let body: @Sendable () -> Void

    init(_ count: Int, _ body: @escaping @Sendable () -> Void) {
        assert(count > 0, "somebody answers")
        missing = Atomic(count)
        self.body = body
    }

    func arrive() {
        let count = missing.subtract(1, ordering: .acquiringAndReleasing).newValue
        assert(count >= 0, "a worker answers once")
        if count == 0 { body() }
    }
}
