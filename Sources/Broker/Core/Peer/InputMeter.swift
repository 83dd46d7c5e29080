// SPDX-License-Identifier: Apache-2.0
// How a turn of one client ends in time.

/// Looks now and then, while packets of a peer are handled, whether its share of the turn is used up.
struct InputMeter {
    private let share: InputShare
    private var nextLook: Int

    /// Begins with the first packet of a turn.
    init(_ worker: Worker) {
        share = worker.share
        nextLook = share.workBetween
        worker.work = 0
    }

    /// Counts a packet that is about to be handled; true where it has to wait for the next turn.
    @inline(__always)
    mutating func isUsed(_ worker: Worker) -> Bool {
        if worker.work >= nextLook {
            if share.isUsed(worker) { return true }
            nextLook = worker.work + share.workBetween
        }
        worker.work &+= 1
        return false
    }
}
