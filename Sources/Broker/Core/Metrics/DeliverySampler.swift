// SPDX-License-Identifier: Apache-2.0
// How long messages are on their way through the broker: one of 64 is looked at.

import Net

/// Counts how long sampled deliveries took, from the turn in which the message was read to the end of
/// the turn in which it was given to the socket.
///
/// Costs nothing for a message: both moments are on the clocks that a reactor reads in each turn, and
/// which turn had the sixty-fourth PUBLISH is seen from the counters when it ends. What a message
/// waits in a session's queue is not part of it. Belongs to a worker; the histograms are read by any
/// thread.
struct DeliverySampler {
    /// One of so many is looked at.
    static let interval: UInt64 = 64

    /// The counts at which the next ones are due, by QoS.
    private var due = InlineArray<3, UInt64>(repeating: interval)
    /// How many were due in the turn that has not ended yet, by QoS.
    private var pending = InlineArray<3, UInt64>(repeating: 0)
    private var hasPending = false
    /// When the messages came that may have been sent in the turn under way: the earliest.
    private var cameAt = Int64.max

    /// Messages have come from a worker that had read them in a turn that began then.
    mutating func noteMail(readAt nanoseconds: Int64) { cameAt = min(cameAt, nanoseconds) }

    /// A turn is about to end; what was due in the one before it has been sent by now.
    mutating func turnEnding(_ reactor: Reactor, _ counters: Counters) {
        if hasPending { record(counters, reactor.turnEndedAt) }
        // Without mail, what was sent was read in the same turn.
        let began = min(cameAt, reactor.turnBeganAt)
        cameAt = .max
        for qos in due.indices {
            let sent = counters.sent.publishes(qos: UInt8(qos))
            guard sent >= due[qos] else { continue }
            pending[qos] = (sent &- due[qos]) / Self.interval &+ 1
            due[qos] &+= pending[qos] &* Self.interval
            hasPending = true
            pendingSince = began
        }
    }

    private var pendingSince: Int64 = 0

    private mutating func record(_ counters: Counters, _ end: Int64) {
        hasPending = false
        for qos in pending.indices where pending[qos] > 0 {
            let duration = max(0, end - pendingSince)
            counters.delivery(
                qos: qos,
                nanoseconds: duration,
                Int(truncatingIfNeeded: pending[qos])
            )
            pending[qos] = 0
        }
    }
}
