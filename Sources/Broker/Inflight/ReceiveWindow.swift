// SPDX-License-Identifier: Apache-2.0
// The QoS 2 messages that one sender has sent and not yet released.

/// The receiving half of a session's state (5.0 section 4.1): QoS 2 messages by packet identifier,
/// from PUBLISH to PUBREL.
///
/// It keeps identifiers alone; whoever uses it keeps the message under the entry's *place*, as with
/// `SendWindow`. Constant cost for each, in whatever order they are released. Owns no memory before
/// the first one.
package struct ReceiveWindow: ~Copyable {
    private let ring: UnsafeMutablePointer<UnsafeWindowRing>

    /// An empty window.
    package init() {
        ring = .allocate(capacity: 1)
        ring.initialize(to: UnsafeWindowRing())
    }

    deinit {
        ring.pointee.removeAll()
        ring.deinitialize(count: 1)
        ring.deallocate()
    }

    /// Messages that are not released.
    package var count: Int { ring.pointee.liveCount }

    /// Whether there are none.
    package var isEmpty: Bool { ring.pointee.isEmpty }

    /// The places in use; some of them may have ended.
    package var places: Range<Int> { ring.pointee.head..<ring.pointee.tail }

    /// The identifier of the message at a place; nil when that has ended.
    package func identifier(at place: Int) -> UInt16? {
        let entry = ring.pointee[place].pointee
        return entry.state == .ended ? nil : entry.identifier
    }

    /// The place of the message with this identifier.
    package func place(of identifier: UInt16) -> Int? {
        ring.pointee.find(identifier, before: ring.pointee.tail)
    }

    /// Takes a message in whose identifier no other one has; returns its place.
    package func accept(_ identifier: UInt16, byteCount: Int = 0) -> Int {
        assert(identifier != 0, "QoS 2 messages have an identifier")
        assert(place(of: identifier) == nil, "an identifier is used by one message at a time")
        let entry = WindowEntry(
            byteCount: byteCount,
            identifier: 0,
            state: .awaitingPubrel,
            qos: 2,
            isRetained: false
        )
        let place = ring.pointee.append(entry)
        ring.pointee.identify(identifier)
        return place
    }

    /// Notes that the message was received once more; returns whether it had been before.
    ///
    /// Counted anew with each connection.
    package func repeated(_ place: Int) -> Bool {
        defer { ring.pointee[place].pointee.wasRepeated = true }
        return ring.pointee[place].pointee.wasRepeated
    }

    /// Whether the message at a place came over an earlier connection.
    package func isFromEarlierConnection(_ place: Int) -> Bool {
        ring.pointee[place].pointee.isFromEarlierConnection
    }

    /// A new connection begins.
    package func resume() {
        for place in places {
            ring.pointee[place].pointee.wasRepeated = false
            ring.pointee[place].pointee.isFromEarlierConnection = true
        }
    }

    /// PUBREL: the message leaves the window; returns its place, which is given back.
    package func release(_ identifier: UInt16) -> Int? {
        guard let place = place(of: identifier) else { return nil }
        ring.pointee.end(place)
        return place
    }

    // MARK: Stretches

    /// Whether identifiers that rise from `first` to `last` all lie behind those in use.
    package func mayAcceptStretch(from first: UInt16, to last: UInt16) -> Bool {
        ring.pointee.follows(from: first, to: last)
    }

    /// Makes room for a stretch of messages.
    package func reserve(_ count: Int) { ring.pointee.reserve(count) }

    /// Takes in the next message of a stretch that `mayAcceptStretch` allows, in reserved room.
    package func acceptNext(_ identifier: UInt16, byteCount: Int) -> Int {
        ring.pointee.appendIdentified(
            WindowEntry(
                byteCount: byteCount,
                identifier: identifier,
                state: .awaitingPubrel,
                qos: 2,
                isRetained: false
            )
        )
    }

    /// How many PUBREL packets in their short form (`62 02 id id`) at the front of `bytes` are for
    /// the oldest messages, in order.
    package func countReleases(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard ring.pointee.isOrdered else { return 0 }
        let head = ring.pointee.head
        let limit = min(bytes.count / 4, ring.pointee.tail - head)
        var count = 0
        while count < limit,
            let identifier = ShortAck.identifier(bytes, at: 4 * count, 0x62)
        {
            let entry = ring.pointee[head + count]
            guard entry.pointee.identifier == identifier, entry.pointee.state == .awaitingPubrel
            else { break }
            count += 1
        }
        return count
    }

    /// Releases the oldest messages, of those that `countReleases` has counted.
    package func removeOldest(_ count: Int) { ring.pointee.removeFirst(count) }

    /// Forgets everything.
    package func removeAll() { ring.pointee.removeAll() }

    /// Whether messages that were released out of order leave so many gaps that `compact` pays.
    package var isSparse: Bool {
        ring.pointee.isSparse(before: ring.pointee.tail, live: ring.pointee.liveCount)
    }

    /// Moves the messages together; `move` is told the old and the new place of each.
    package func compact(_ move: (_ from: Int, _ to: Int) -> Void) {
        ring.pointee.compact(before: ring.pointee.tail, move)
    }

    /// Checks the invariants of the ring.
    package func checkInvariants() {
        ring.pointee.checkInvariants()
        assert(ring.pointee.identifiedEnd == ring.pointee.tail, "each has its identifier")
    }
}
