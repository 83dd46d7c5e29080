// SPDX-License-Identifier: Apache-2.0
// Which messages go out to one receiver, in which order, and which may.

/// How much a send window may hold and have under way; `Int.max` for no limit.
package struct SendLimits: Sendable {
    /// QoS 1 and 2 messages under way: Receive Maximum, or `max_inflight_messages`.
    package var inFlightMax: Int
    /// A message may start while the payload bytes under way are fewer.
    package var inFlightBytesMax: Int
    /// QoS 1 and 2 messages that wait.
    package var queuedMax: Int
    /// A message may wait while the payload bytes that wait are fewer.
    package var queuedBytesMax: Int

    /// Puts limits together.
    package init(inFlightMax: Int, inFlightBytesMax: Int, queuedMax: Int, queuedBytesMax: Int) {
        self.inFlightMax = inFlightMax
        self.inFlightBytesMax = inFlightBytesMax
        self.queuedMax = queuedMax
        self.queuedBytesMax = queuedBytesMax
    }
}

/// The sending half of a session's state (5.0 section 4.1): the messages that wait and those that
/// await an answer, in one order.
///
/// ```
///   under way on this connection | to be sent again | wait to be sent
///   head                       cursor          identifiedEnd        tail
/// ```
/// It decides and keeps nothing but numbers: whoever uses it keeps the message of an entry under
/// the entry's *place*, until `acknowledge`, `finish` and the like give the place back, and moves it
/// when `compact` says so. No clock, no connection, no message.
///
/// Invariants: those of `UnsafeWindowRing`; `head <= cursor`; between `head` and `cursor` every live
/// entry awaits an answer and is counted in flight, but for the one at `cursor - 1` while `isTaken`;
/// from `identifiedEnd` on every live entry is `.queued`, and counted if its QoS is not 0.
package struct SendWindow: ~Copyable {
    @usableFromInline
    struct Fields {
        // In an order without gaps: every idle session has one.
        @usableFromInline var ring = UnsafeWindowRing()
        @usableFromInline var lastIdentifier: UInt16 = 0
        var isTaken = false
        @usableFromInline var cursor = 0
        @usableFromInline var inFlightCount = 0
        @usableFromInline var inFlightByteCount = 0
        var queuedCount = 0
        var queuedByteCount = 0

        @usableFromInline
        init() {}
    }

    @usableFromInline let fields: UnsafeMutablePointer<Fields>

    /// An empty window.
    package init() {
        fields = .allocate(capacity: 1)
        fields.initialize(to: Fields())
    }

    deinit {
        fields.pointee.ring.removeAll()
        fields.deinitialize(count: 1)
        fields.deallocate()
    }

    // MARK: What is there

    /// The places in use; some of them may have ended.
    package var places: Range<Int> { fields.pointee.ring.head..<fields.pointee.ring.tail }

    /// The place from which on messages were never sent; they keep their places until they are.
    package var firstWaitingPlace: Int { fields.pointee.ring.identifiedEnd }

    /// Messages that wait or are under way.
    package var count: Int { fields.pointee.ring.liveCount }

    /// Whether nothing waits and nothing is under way.
    package var isEmpty: Bool { fields.pointee.ring.isEmpty }

    /// QoS 1 and 2 messages that await an answer of the present connection.
    package var inFlightCount: Int { fields.pointee.inFlightCount }

    /// Their payload bytes.
    package var inFlightByteCount: Int { fields.pointee.inFlightByteCount }

    /// QoS 1 and 2 messages that were never sent.
    package var queuedCount: Int { fields.pointee.queuedCount }

    /// Their payload bytes.
    package var queuedByteCount: Int { fields.pointee.queuedByteCount }

    /// Whether something waits for this connection, sent before or not.
    package var hasWaiting: Bool { fields.pointee.cursor < fields.pointee.ring.tail }

    /// Whether a message has been handed out by `next` and not yet begun or ended.
    package var isTaken: Bool { fields.pointee.isTaken }

    /// The last packet identifier that was given, 0 for none.
    package var lastIdentifier: UInt16 { fields.pointee.lastIdentifier }

    /// What became of the message at a place.
    package func state(at place: Int) -> WindowState { fields.pointee.ring[place].pointee.state }

    /// QoS and RETAIN flag of the message at a place.
    package func form(at place: Int) -> (qos: UInt8, isRetained: Bool) {
        let entry = fields.pointee.ring[place].pointee
        return (entry.qos, entry.isRetained)
    }

    /// QoS of the message at a place.
    package func qos(at place: Int) -> UInt8 { fields.pointee.ring[place].pointee.qos }

    /// Packet identifier of the message at a place; 0 while it has none.
    package func identifier(at place: Int) -> UInt16 {
        let entry = fields.pointee.ring[place].pointee
        return place < fields.pointee.ring.identifiedEnd ? entry.identifier : 0
    }

    /// Packet identifier of the message at a place; while it has none, the one it is to have, 0 for
    /// QoS 0.
    package func wantedIdentifier(at place: Int) -> UInt16 {
        fields.pointee.ring[place].pointee.identifier
    }

    /// Whether the message at a place, which waits, could go out at once.
    package func mayStart(_ place: Int, _ limits: SendLimits) -> Bool {
        place == fields.pointee.cursor && !fields.pointee.isTaken
            && fields.pointee.inFlightCount < limits.inFlightMax
            && fields.pointee.inFlightByteCount < limits.inFlightBytesMax
    }

    // MARK: Taking messages in

    /// Whether the next message could go out at once.
    package func mayStart(_ limits: SendLimits) -> Bool {
        !hasWaiting && !fields.pointee.isTaken
            && fields.pointee.inFlightCount < limits.inFlightMax
            && fields.pointee.inFlightByteCount < limits.inFlightBytesMax
    }

    /// Whether the limits leave room for one more message that waits.
    package func mayQueue(_ limits: SendLimits) -> Bool {
        fields.pointee.queuedCount < limits.queuedMax
            && fields.pointee.queuedByteCount < limits.queuedBytesMax
    }

    /// Takes a message in, behind all others; returns its place.
    ///
    /// The limits have been asked for before. The message has the next identifier, as in the
    /// original; if that is still in use when it goes out, it gets another one.
    package func queue(byteCount: Int, qos: UInt8, isRetained: Bool = false) -> Int {
        var entry = WindowEntry(
            byteCount: byteCount,
            identifier: 0,
            state: .queued,
            qos: qos,
            isRetained: isRetained
        )
        if qos > 0 {
            entry.identifier = PacketIdentifiers.next(fields.pointee.lastIdentifier)
            fields.pointee.lastIdentifier = entry.identifier
            fields.pointee.queuedCount += 1
            fields.pointee.queuedByteCount += byteCount
        }
        return fields.pointee.ring.append(entry)
    }

    /// An identifier for something else than a message, behind the last one that was given; nil when all are
    /// in use.
    ///
    /// The message that is queued next has the one behind it.
    package func takeIdentifier(where isFree: (UInt16) -> Bool) -> UInt16? {
        var candidate = fields.pointee.lastIdentifier
        for _ in 0..<PacketIdentifiers.count {
            candidate = PacketIdentifiers.next(candidate)
            guard isFree(candidate), !isUsed(candidate) else { continue }
            fields.pointee.lastIdentifier = candidate
            return candidate
        }
        return nil
    }

    /// Gives back an identifier that was just taken and is not used; the last one before it is needed.
    package func giveBackIdentifier(last: UInt16) {
        fields.pointee.lastIdentifier = last
    }

    // MARK: Sending

    /// What is to be sent next.
    package enum Step: Equatable, Sendable {
        /// PUBREL once more, for a message whose PUBREC came over an earlier connection.
        case release(identifier: UInt16)
        /// The message at this place: `begin`, then PUBLISH, or `finish`.
        case publish(place: Int, isResent: Bool)
    }

    /// Hands out what comes next, if the window allows: first what an earlier connection left
    /// unfinished, then what waits, in order.
    ///
    /// One PUBLISH is handed out at a time.
    /// [MQTT-3.3.4-9] [MQTT-4.9.0-2]
    package func next(_ limits: SendLimits) -> Step? {
        assert(!fields.pointee.isTaken, "what was handed out has been begun or ended")
        skipEnded()
        let place = fields.pointee.cursor
        guard place < fields.pointee.ring.tail else { return nil }
        let entry = fields.pointee.ring[place]
        if entry.pointee.qos > 0 {
            guard fields.pointee.inFlightCount < limits.inFlightMax,
                fields.pointee.inFlightByteCount < limits.inFlightBytesMax
            else { return nil }
        }
        fields.pointee.cursor += 1
        // [MQTT-4.3.3-6] [MQTT311-4.3.3-1]
        if entry.pointee.state == .awaitingPubcomp {
            countInFlight(entry.pointee)
            return .release(identifier: entry.pointee.identifier)
        }
        let isResent = place < fields.pointee.ring.identifiedEnd
        if !isResent { uncountQueued(entry.pointee) }
        entry.pointee.state = .taken
        fields.pointee.isTaken = true
        return .publish(place: place, isResent: isResent)
    }

    private func skipEnded() {
        while fields.pointee.cursor < fields.pointee.ring.tail,
            fields.pointee.ring[fields.pointee.cursor].pointee.state == .ended
        {
            if fields.pointee.cursor == fields.pointee.ring.identifiedEnd {
                fields.pointee.ring.passEnded()
            }
            fields.pointee.cursor += 1
        }
    }

    /// The message that was handed out goes out now with this QoS; returns its packet identifier.
    ///
    /// QoS 0 needs none: 0 is returned, and the message is still to be ended with `finish`.
    package func begin(_ place: Int, qos: UInt8) -> UInt16 {
        assert(isHandedOut(place), "only what was handed out begins")
        guard qos > 0 else { return 0 }
        let entry = fields.pointee.ring[place]
        if place == fields.pointee.ring.identifiedEnd, !fields.pointee.ring.identifyAsWanted() {
            fields.pointee.ring.identify(freeIdentifier(entry.pointee.identifier))
        }
        entry.pointee.qos = qos
        entry.pointee.state = qos == 1 ? .awaitingPuback : .awaitingPubrec
        fields.pointee.isTaken = false
        countInFlight(entry.pointee)
        return entry.pointee.identifier
    }

    /// The message at a place is over without an answer: it was handed out and is not sent, or has
    /// just begun and could not be written.
    package func finish(_ place: Int) {
        let entry = fields.pointee.ring[place]
        switch entry.pointee.state {
        case .taken: fields.pointee.isTaken = false
        case .queued, .ended, .awaitingPubrel: assertionFailure("only what goes out is finished")
        case .awaitingPuback, .awaitingPubrec, .awaitingPubcomp: uncountInFlight(entry.pointee)
        }
        end(place)
    }

    private func isHandedOut(_ place: Int) -> Bool {
        fields.pointee.isTaken && place == fields.pointee.cursor - 1
            && fields.pointee.ring[place].pointee.state == .taken
    }

    func end(_ place: Int) {
        let isUnidentified = place == fields.pointee.ring.identifiedEnd
        fields.pointee.ring.end(place)
        if isUnidentified, fields.pointee.ring.identifiedEnd == place {
            fields.pointee.ring.passEnded()
        }
        fields.pointee.cursor = max(fields.pointee.cursor, fields.pointee.ring.head)
    }

    /// The identifier a message was to have, or the next one that no message under way has.
    /// [MQTT-2.2.1-4] [MQTT-4.3.2-1] [MQTT-4.3.3-1] [MQTT311-2.3.1-4]
    private func freeIdentifier(_ wanted: UInt16) -> UInt16 {
        if wanted != 0, fields.pointee.ring.isFree(wanted) { return wanted }
        var candidate = PacketIdentifiers.next(fields.pointee.lastIdentifier)
        // Fewer than 65535 are in flight: one is free.
        while !fields.pointee.ring.isFree(candidate) {
            candidate = PacketIdentifiers.next(candidate)
        }
        fields.pointee.lastIdentifier = candidate
        return candidate
    }

    func countInFlight(_ entry: WindowEntry) {
        fields.pointee.inFlightCount += 1
        fields.pointee.inFlightByteCount += Int(entry.byteCount)
    }

    func uncountInFlight(_ entry: WindowEntry) {
        fields.pointee.inFlightCount -= 1
        fields.pointee.inFlightByteCount -= Int(entry.byteCount)
        assert(fields.pointee.inFlightCount >= 0, "what is under way is counted")
    }

    private func uncountQueued(_ entry: WindowEntry) {
        guard entry.qos > 0 else { return }
        fields.pointee.queuedCount -= 1
        fields.pointee.queuedByteCount -= Int(entry.byteCount)
        assert(fields.pointee.queuedCount >= 0, "what waits is counted")
    }

    // MARK: Connections come and go

    /// A new connection begins: everything unanswered is to be sent again [MQTT-4.4.0-1].
    /// [MQTT-4.3.2-3] [MQTT-4.3.3-3] [MQTT-4.3.3-5] [MQTT311-4.4.0-1] [MQTT311-4.6.0-6]
    package func resume() {
        giveBackTaken()
        fields.pointee.cursor = fields.pointee.ring.head
        fields.pointee.inFlightCount = 0
        fields.pointee.inFlightByteCount = 0
    }

    /// What was handed out waits again as before.
    private func giveBackTaken() {
        guard fields.pointee.isTaken else { return }
        fields.pointee.isTaken = false
        let place = fields.pointee.cursor - 1
        let entry = fields.pointee.ring[place]
        if place < fields.pointee.ring.identifiedEnd {
            entry.pointee.state = entry.pointee.qos == 1 ? .awaitingPuback : .awaitingPubrec
        } else {
            entry.pointee.state = .queued
            guard entry.pointee.qos > 0 else { return }
            fields.pointee.queuedCount += 1
            fields.pointee.queuedByteCount += Int(entry.pointee.byteCount)
        }
    }

    /// Ends the messages that are not under way and for which `isUnwanted` holds.
    ///
    /// Who has sent PUBREC has the content already and waits for PUBREL; that stays. Returns how many ended.
    package func drop(
        in places: Range<Int>,
        where isUnwanted: (_ place: Int) -> Bool
    ) -> Int {
        let first = max(places.lowerBound, fields.pointee.cursor)
        let last = min(places.upperBound, fields.pointee.ring.tail)
        guard first < last else { return 0 }
        var count = 0
        // The first ones may be given back on the way.
        for place in first..<last where place >= fields.pointee.ring.head {
            let entry = fields.pointee.ring[place]
            switch entry.pointee.state {
            case .ended, .awaitingPubcomp: continue
            default: guard isUnwanted(place) else { continue }
            }
            if entry.pointee.state == .queued { uncountQueued(entry.pointee) }
            end(place)
            count += 1
        }
        return count
    }

    /// Ends everything.
    package func removeAll() {
        fields.pointee.ring.removeAll()
        fields.pointee.cursor = fields.pointee.ring.head
        fields.pointee.inFlightCount = 0
        fields.pointee.inFlightByteCount = 0
        fields.pointee.queuedCount = 0
        fields.pointee.queuedByteCount = 0
        fields.pointee.isTaken = false
    }

    /// Takes in a message of a session that comes from elsewhere, behind all others.
    ///
    /// What was sent before comes first, in order; then what waits, with identifier 0. Returns its
    /// place, or nil when it cannot be so: an identifier is used twice, or one is missing.
    package func restore(
        _ state: WindowState,
        identifier: UInt16,
        byteCount: Int,
        qos: UInt8,
        isRetained: Bool
    ) -> Int? {
        if state == .queued {
            return queue(byteCount: byteCount, qos: qos, isRetained: isRetained)
        }
        let end = fields.pointee.ring.identifiedEnd
        guard identifier != 0, qos > 0, end == fields.pointee.ring.tail,
            state == (qos == 1 ? .awaitingPuback : .awaitingPubrec) || state == .awaitingPubcomp,
            fields.pointee.ring.find(identifier, before: end) == nil
        else { return nil }
        let place = fields.pointee.ring.append(
            WindowEntry(
                byteCount: byteCount,
                identifier: 0,
                state: state,
                qos: qos,
                isRetained: isRetained
            )
        )
        fields.pointee.ring.identify(identifier)
        return place
    }

    /// Goes on with the identifiers behind this one, which `count` messages that are to be restored
    /// as waiting already have; for a session that comes from elsewhere.
    package func restore(lastIdentifier: UInt16, waiting count: Int) {
        guard lastIdentifier != 0 else { return }
        let steps = count % PacketIdentifiers.count
        let first = Int(lastIdentifier) - steps
        fields.pointee.lastIdentifier = UInt16(first > 0 ? first : first + PacketIdentifiers.count)
    }

    // MARK: Gaps

    /// Whether messages that were acknowledged out of order leave so many gaps that `compact` pays.
    package var isSparse: Bool {
        let live = fields.pointee.inFlightCount + (fields.pointee.isTaken ? 1 : 0)
        return fields.pointee.ring.isSparse(before: fields.pointee.cursor, live: live)
    }

    /// Moves what is under way together; `move` is told the old and the new place of each.
    ///
    /// Constant cost for each message that was acknowledged, if called when `isSparse`.
    package func compact(_ move: (_ from: Int, _ to: Int) -> Void) {
        fields.pointee.ring.compact(before: fields.pointee.cursor, move)
    }

    /// Checks what the type's comment promises.
    package func checkInvariants() {
        fields.pointee.ring.checkInvariants()
        assert(fields.pointee.cursor >= fields.pointee.ring.head, "the cursor is inside")
        assert(fields.pointee.cursor <= fields.pointee.ring.tail, "the cursor is inside")
        #if DEBUG
        checkCounts()
        #endif
    }

    #if DEBUG
    private func checkCounts() {
        var (inFlight, inFlightBytes, queued, queuedBytes) = (0, 0, 0, 0)
        for place in places {
            let entry = fields.pointee.ring[place].pointee
            switch entry.state {
            case .ended: continue
            case .taken:
                assert(isHandedOut(place), "one message is handed out at a time")
            case .queued where entry.qos > 0:
                queued += 1
                queuedBytes += Int(entry.byteCount)
            case .queued: continue
            default:
                guard place < fields.pointee.cursor else { continue }
                inFlight += 1
                inFlightBytes += Int(entry.byteCount)
            }
            assert(
                entry.state == .queued || entry.state == .taken
                    || place < fields.pointee.ring.identifiedEnd,
                "what was sent has an identifier"
            )
        }
        assert(inFlight == inFlightCount, "messages under way are counted")
        assert(inFlightBytes == inFlightByteCount, "bytes under way are counted")
        assert(queued == queuedCount, "messages that wait are counted")
        assert(queuedBytes == queuedByteCount, "bytes that wait are counted")
    }
    #endif
}
