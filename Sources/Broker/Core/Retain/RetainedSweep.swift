// SPDX-License-Identifier: Apache-2.0
// `retain_expiry_interval`: expired retained messages are removed from time to time.

import Config
import Topics

/// The periodic removal of expired retained messages, in slices between other work.
///
/// Lives on the first worker. Without it expired messages go when a subscription or a new message
/// touches them.
final class RetainedSweep {
    /// Topics looked at per slice.
    private static let sliceMax = 64

    private var cursor: RetainedCursor?
    private var dueAt: Int64 = 0

    /// Second of the reactor clock at which the next sweep is due; nil when there is none.
    func deadline(_ worker: Worker) -> Int64? {
        let minutes = worker.settings.configuration.retainExpiryInterval
        guard minutes > 0 else { return nil }
        if dueAt == 0 { dueAt = worker.now + Int64(minutes) * 60 }
        return dueAt
    }

    /// Begins a sweep if one is due.
    func runIfDue(_ worker: Worker) {
        guard let due = deadline(worker), worker.now >= due, cursor == nil else { return }
        dueAt = worker.now + Int64(worker.settings.configuration.retainExpiryInterval) * 60
        cursor = worker.broker.retained.cursorOverAll()
        continueSweep(worker)
    }

    private func continueSweep(_ worker: Worker) {
        guard let cursor else { return }
        let now = worker.now
        let (removed, version, isFinished) = worker.broker.retained.removeAll(
            cursor,
            limit: Self.sliceMax
        ) { Message($0).isExpired(at: now) }
        worker.noteRemoved(removed, version)
        if isFinished {
            self.cursor = nil
        } else {
            worker.postpone { [self] in continueSweep(worker) }
        }
    }
}

extension Broker {
    /// A retained message whose time is over goes when a subscription finds it.
    func removeExpired(_ message: Message) {
        workers[0].post { worker in
            let cursor = message.withPublication {
                worker.broker.retained.cursor(filter: RawSpan(_unsafeBytes: $0.topic))
            }
            // Another may be there by now.
            let (removed, version, _) = worker.broker.retained.removeAll(cursor, limit: 1) {
                $0 === message.storage
            }
            if !removed.isEmpty { worker.noteRemoved(removed, version) }
        }
    }
}

extension Worker {
    /// Retained messages have gone without another in their place.
    func noteRemoved(_ removed: [AnyObject], _ version: UInt64) {
        for message in removed { counters.retain(0, insteadOf: message) }
        keeper?.didRemoveRetained(removed.map { Message($0) }, version: version)
    }
}
