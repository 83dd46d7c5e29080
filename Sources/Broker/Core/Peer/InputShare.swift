// SPDX-License-Identifier: Apache-2.0
// How much one client may ask for in one turn.

import Net

/// A client's share of a turn, measured by what its packets make the worker do.
///
/// `Worker.work` counts packets and deliveries: so this costs next to nothing, and what is done in a
/// turn is the same on every machine. Only where plugins are asked, who may take their time, the
/// clock is looked at.
struct InputShare {
    /// Work after which the share is used up; by itself two milliseconds or so.
    var workMax = 6144
    /// Work between two looks.
    var workBetween = 1024
    /// What a question to a plugin counts, answered on the spot.
    static let questionWork = 64
    /// What it counts to keep a message.
    static let retainWork = 4

    /// Whether a client has to wait for the next turn after so much work in this one.
    func isUsed(_ worker: Worker) -> Bool {
        if worker.work >= workMax { return true }
        let reactor = worker.reactor
        return worker.hasHooks && reactor.isSliceUsed(since: reactor.turnBeganAt)
    }
}
