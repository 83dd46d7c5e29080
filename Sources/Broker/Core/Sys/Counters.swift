// SPDX-License-Identifier: Apache-2.0
// What a reactor has counted.

import Synchronization

/// A counter that one thread increases and any thread reads.
///
/// A plain load and store, both relaxed: there is one writer, so no read-modify-write is needed.
package struct Counter: ~Copyable, Sendable {
    private let value = Atomic<UInt64>(0)

    package init() {}

    /// The value so far.
    package var current: UInt64 { value.load(ordering: .relaxed) }

    /// Adds; only on the owner's thread.
    @inline(__always)
    package func add(_ amount: Int) {
        value.store(
            value.load(ordering: .relaxed) &+ UInt64(truncatingIfNeeded: amount),
            ordering: .relaxed
        )
    }
}

/// Counters of one thread, one for each case of an enumeration with so many cases.
package struct CounterRow<let count: Int>: ~Copyable, Sendable {
    private let counters = InlineArray<count, Counter> { _ in Counter() }

    package init() {}

    /// Adds to one of them; only on the owner's thread.
    @inline(__always)
    func add(_ index: Int, _ amount: Int = 1) { counters[index].add(amount) }

    /// What one of them has so far.
    func current(_ index: Int) -> UInt64 { counters[index].current }
}

/// The counters of one reactor; summed over all reactors they make the `$SYS` figures.
package final class Counters: Sendable {
    /// Packets read.
    package let received = PacketCounters()
    /// Packets queued for writing.
    package let sent = PacketCounters()
    /// MQTT bytes read.
    package let bytesReceived = Counter()
    /// MQTT bytes queued for writing.
    package let bytesSent = Counter()
    /// Payload bytes of PUBLISH packets read.
    package let publishBytesReceived = Counter()
    /// Payload bytes of PUBLISH packets queued for writing.
    package let publishBytesSent = Counter()
    /// Sockets accepted.
    package let socketsAccepted = Counter()
    /// Sessions that ended because their expiry interval had passed.
    package let clientsExpired = Counter()
    /// Changes that `autosave_on_changes` counts and no packet counter does: messages queued for
    /// absent clients, retained messages, clients that come in without a clean start.
    let changes = Counter()

    // MARK: Off the way of a message that is delivered

    /// Messages that are lost, by `DropReason`.
    let drops = CounterRow<11>()
    /// Connections of clients that have ended, by `EndReason`.
    let ends = CounterRow<22>()
    /// Packets that were malformed or forbidden, by the number of their type; 0: not known.
    let violations = CounterRow<16>()
    /// Logins by `AuthenticationResult` and `AuthenticationMethod`.
    let authentications = CounterRow<20>()
    /// Logins that have begun.
    let loginsBegun = Counter()
    /// Decisions about access by `CountedAccess`, whether it was granted, and `AccessDecider`.
    let authorizations = CounterRow<16>()
    /// Requests over HTTP by `HTTPHandler` and `HTTPStatusClass`.
    let httpRequests = CounterRow<20>()
    /// Clients that have been let in.
    let connects = Counter()
    let sessionsCreated = Counter()
    let sessionsResumed = Counter()
    /// Connections that gave way to another one with the same client identifier.
    let sessionsTakenOver = Counter()
    /// Publications of clients that matched no subscription.
    let unrouted = Counter()
    let willsPublished = Counter()
    /// Bytes of payloads that were retained, and of those that are not any more.
    let retainedBytesAdded = Counter()
    let retainedBytesRemoved = Counter()
    /// How long sampled deliveries took, by QoS.
    let deliveries0 = DurationRow<13>()
    let deliveries1 = DurationRow<13>()
    let deliveries2 = DurationRow<13>()

    package init() {}
}
