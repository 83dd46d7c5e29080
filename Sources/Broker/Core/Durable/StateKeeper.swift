// SPDX-License-Identifier: Apache-2.0
// Who sees to it that what happens on one worker outlives the broker.

import Inflight
import Topics

/// Writes down, or tells, what happens on one worker; does nothing by itself.
///
/// On the worker's thread. The methods are called in the order of a batch's life.
class StateKeeper {
    /// Numbers for `count` messages; the first is returned, the others follow it.
    func takeNumbers(_ count: Int) -> MessageNumber { 0 }

    /// Whether a batch may be delivered; false: it is to be refused.
    func mayDeliver(_ batch: PublishBatch) -> Bool { true }

    /// QoS 2 publications are about to be kept until their release.
    func willKeep(_ batch: PublishBatch) {}

    /// Publications are about to be retained.
    func willRetain(_ batch: PublishBatch) {}

    /// One of them was retained, or has cleared its topic; `previous` was there before.
    func didRetain(version: UInt64, insteadOf previous: AnyObject?) {}

    /// A batch is about to go to the destinations of a route.
    func willDeliver(_ batch: PublishBatch, _ route: UnsafeRoute) {}

    /// It has gone to those of this worker, but for what is delivered in slices.
    func didDeliver(_ batch: PublishBatch) {}

    /// A batch is about to be delivered by another worker at once.
    func willDeliver(_ batch: PublishBatch, on home: Worker) {}

    /// What is recorded from now on comes behind what another worker of this thread, whose turn it is,
    /// has recorded so far.
    func follow(_ other: Recorder) {}

    /// Another worker has been mailed what it is to deliver.
    func didMail(to home: Int) {}

    /// Retained messages have gone without another in their place; `version` is that of the store.
    func didRemoveRetained(_ messages: [Message], version: UInt64) {}

    /// Hands over what has been collected, before anything is mailed to other workers.
    func submit() {}

    /// Gives numbers to the publications of a batch that have none.
    final func number(_ batch: PublishBatch) {
        if batch.firstNumber == 0 { batch.firstNumber = takeNumbers(batch.count) }
        guard batch.hasMessages else { return }
        for index in 0..<batch.count where batch.storedMessage(index)?.number == 0 {
            batch.renumber(index)
        }
    }
}
