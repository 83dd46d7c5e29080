// SPDX-License-Identifier: Apache-2.0
// One worker's part of a checkpoint: how far it has come, and which messages the log still lacks.

import Inflight
import Topics

/// One worker's part of a checkpoint.
///
/// ```
///   awaiting markers ──► awaiting deliveries ──► sessions ──► retained ──► done
/// ```
/// A marker of another worker says that all that it had accepted before has come here. Once what had
/// come by then has been delivered too, sessions can be imaged: whatever was accepted before the
/// checkpoint is in them, or is over.
///
/// An object: `kept` may have as many members as there are messages, and is not to be copied.
final class CheckpointPart {
    enum Stage: Equatable {
        /// Until these workers have sent their markers.
        case awaitingMarkers(Set<Int>)
        /// Until so many batches for very many have been delivered.
        case awaitingDeliveries(Int)
        case sessions
        case retained
        /// This worker has done its part; others may not have.
        case done
    }

    /// The sequence number of the checkpoint's first segment.
    let number: UInt64
    var stage: Stage
    /// Counters of the workers when the checkpoint began for them: what they have accepted since then
    /// is behind its beginning.
    private var counters: [Int: UInt64]
    /// Other messages that this worker has recorded since.
    private var kept = MessageNumberSet()

    /// Sessions that are to be imaged, from `position` on.
    var sessions: [SessionHandle] = []
    var position = 0
    /// The image under way.
    var image: SessionImaging?
    var retained: RetainedCursor?
    /// Millisecond of the reactor's clock until which the writer is given time; nil when it keeps up.
    var pausedUntil: Int64?

    init(_ number: UInt64, worker: Int, counter: UInt64, of workers: Int) {
        self.number = number
        stage = .awaitingMarkers(Set((0..<workers).filter { $0 != worker }))
        counters = [worker: counter]
    }

    /// Another worker's marker has come.
    func noteMarker(from worker: Int, counter: UInt64) {
        counters[worker] = counter
        guard case .awaitingMarkers(var missing) = stage else { return }
        missing.remove(worker)
        stage = .awaitingMarkers(missing)
    }

    /// Whether all markers have come.
    var hasMarkers: Bool { stage == .awaitingMarkers([]) }

    /// Whether the checkpoint would lose a message that is named now.
    func needs(_ number: MessageNumber) -> Bool {
        isOld(number) && !kept.contains(number)
    }

    /// A message has been recorded.
    func note(_ number: MessageNumber) {
        if isOld(number) { kept.insert(number) }
    }

    private func isOld(_ number: MessageNumber) -> Bool {
        guard let counter = counters[Int(MessageNumbers.reactor(of: number))] else { return true }
        return MessageNumbers.counter(of: number) <= counter
    }
}

/// How far the image of a session has come.
struct SessionImaging {
    let session: SessionHandle
    /// The place of the next message that waits.
    var place: Int
}
