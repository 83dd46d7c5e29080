// SPDX-License-Identifier: Apache-2.0
// One answer to who asks for metrics.

import Net
import Synchronization

/// Which names metrics have.
enum MetricNames: Sendable {
    /// Those of the table.
    case own
    /// Those that exporters make of `$SYS` topics.
    case sys
}

/// Has metrics gathered and written, on a thread that no client waits for.
enum MetricsReport {
    /// Milliseconds that workers have to look at their sessions; what is not done by then is as it was
    /// the time before.
    private static let patience: CInt = 250

    /// The bytes of an answer; blocks for as long as workers are given.
    static func make(
        _ names: MetricNames,
        as format: MetricsText.Format,
        of broker: Broker
    ) -> [UInt8] {
        askWorkers(of: broker)
        switch names {
        case .own: return MetricsText.render(MetricsSnapshot(of: broker), as: format)
        case .sys: return MetricsText.render(MetricsSnapshot(sysOf: broker), as: format)
        }
    }

    private static func askWorkers(of broker: Broker) {
        guard let answers = try? Answers(broker.workers.count) else { return }
        for worker in broker.workers {
            worker.post { worker in
                worker.updateGauges()
                worker.updateFigures { answers.arrive() }
            }
        }
        answers.wait(milliseconds: patience)
    }
}

/// Opens when every worker has answered.
private final class Answers: Sendable {
    private let missing: Atomic<Int>
    private let waker: Waker

    init(_ count: Int) throws(SystemError) {
        missing = Atomic(count)
        waker = try Waker()
    }

    func arrive() {
        if missing.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { waker.wake() }
    }

    func wait(milliseconds: CInt) { waker.wait(milliseconds: milliseconds) }
}
