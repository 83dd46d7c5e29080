// SPDX-License-Identifier: Apache-2.0
// What a receiver's answers do to a send window.

/// What an acknowledgement means to a send window.
package enum Acknowledgement: Equatable, Sendable {
    /// No message under way has this identifier.
    case unknown
    /// The message waits for another kind of answer.
    case unexpected
    /// The message is to be released: PUBREL.
    case released
    /// The message is over; its place is given back.
    case ended(place: Int)
}

extension SendWindow {
    /// PUBACK (5.0 section 3.4).
    /// [MQTT-4.4.0-2]
    package func acknowledgePuback(_ identifier: UInt16) -> Acknowledgement {
        acknowledge(identifier, in: .awaitingPuback)
    }

    /// PUBREC (5.0 section 3.5); one that tells of an error ends the message.
    /// [MQTT-4.3.3-4] [MQTT-4.4.0-2] [MQTT311-4.3.3-1]
    package func acknowledgePubrec(_ identifier: UInt16, isError: Bool) -> Acknowledgement {
        guard let place = find(identifier) else { return .unknown }
        let entry = fields.pointee.ring[place]
        guard entry.pointee.state == .awaitingPubrec || entry.pointee.state == .awaitingPubcomp
        else { return .unexpected }
        if isError { return end(answered: place) }
        entry.pointee.state = .awaitingPubcomp
        return .released
    }

    /// PUBCOMP (5.0 section 3.7).
    package func acknowledgePubcomp(_ identifier: UInt16) -> Acknowledgement {
        acknowledge(identifier, in: .awaitingPubcomp)
    }

    /// Whether a message under way has this identifier.
    package func isInFlight(_ identifier: UInt16) -> Bool { find(identifier) != nil }

    /// Whether a message that was sent, now or over an earlier connection, has this identifier.
    package func isUsed(_ identifier: UInt16) -> Bool {
        fields.pointee.ring.find(identifier, before: fields.pointee.ring.identifiedEnd) != nil
    }

    /// The place of the message under way with this identifier.
    package func place(inFlight identifier: UInt16) -> Int? { find(identifier) }

    private func acknowledge(_ identifier: UInt16, in state: WindowState) -> Acknowledgement {
        guard let place = find(identifier) else { return .unknown }
        guard fields.pointee.ring[place].pointee.state == state else { return .unexpected }
        return end(answered: place)
    }

    /// Only what this connection has sent can be answered.
    private func find(_ identifier: UInt16) -> Int? {
        guard let place = fields.pointee.ring.find(identifier, before: fields.pointee.cursor)
        else { return nil }
        return fields.pointee.ring[place].pointee.state == .taken ? nil : place
    }

    private func end(answered place: Int) -> Acknowledgement {
        uncountInFlight(fields.pointee.ring[place].pointee)
        end(place)
        return .ended(place: place)
    }

    // MARK: Stretches

    /// Takes PUBACK packets in their short form (`40 02 id id`) off the front of `bytes`, for as
    /// long as each is for the oldest message; returns the places that are given back.
    package func acknowledgePubacks(_ bytes: UnsafeRawBufferPointer) -> Range<Int> {
        acknowledge(bytes, firstByte: 0x40, in: .awaitingPuback)
    }

    /// The same for PUBCOMP (`70 02 id id`).
    package func acknowledgePubcomps(_ bytes: UnsafeRawBufferPointer) -> Range<Int> {
        acknowledge(bytes, firstByte: 0x70, in: .awaitingPubcomp)
    }

    private func acknowledge(
        _ bytes: UnsafeRawBufferPointer,
        firstByte: UInt8,
        in state: WindowState
    ) -> Range<Int> {
        let head = fields.pointee.ring.head
        guard let entries = fields.pointee.ring.entries, fields.pointee.ring.isOrdered else {
            return head..<head
        }
        let mask = fields.pointee.ring.capacity - 1
        let limit = min(bytes.count / 4, fields.pointee.cursor - head)
        var count = 0
        var byteCount = 0
        while count < limit {
            guard let identifier = ShortAck.identifier(bytes, at: 4 * count, firstByte) else {
                break
            }
            let entry = entries + ((head + count) & mask)
            guard entry.pointee.identifier == identifier, entry.pointee.state == state else {
                break
            }
            byteCount += Int(entry.pointee.byteCount)
            count += 1
        }
        guard count > 0 else { return head..<head }
        fields.pointee.inFlightCount -= count
        fields.pointee.inFlightByteCount -= byteCount
        fields.pointee.ring.removeFirst(count)
        fields.pointee.cursor = max(fields.pointee.cursor, fields.pointee.ring.head)
        return head..<(head + count)
    }

    /// Takes PUBREC packets in their short form (`50 02 id id`) off the front of `bytes` and writes
    /// a PUBREL for each to `output`, which has room for as many bytes.
    ///
    /// Returns how many packets were taken; the first unusual one ends the stretch.
    package func releasePubrecs(
        _ bytes: UnsafeRawBufferPointer,
        output: UnsafeMutableRawPointer
    ) -> Int {
        guard let entries = fields.pointee.ring.entries, fields.pointee.ring.isOrdered else {
            return 0
        }
        let mask = fields.pointee.ring.capacity - 1
        let head = fields.pointee.ring.head
        let limit = min(bytes.count / 4, fields.pointee.cursor - head)
        guard limit > 0 else { return 0 }
        // The first packet tells where the stretch begins; the others follow.
        guard let identifier = ShortAck.identifier(bytes, at: 0, 0x50),
            let first = fields.pointee.ring.find(identifier, before: fields.pointee.cursor)
        else { return 0 }
        var taken = 0
        while taken < limit, first + taken < fields.pointee.cursor {
            guard let identifier = ShortAck.identifier(bytes, at: 4 * taken, 0x50) else { break }
            let entry = entries + ((first + taken) & mask)
            guard entry.pointee.identifier == identifier,
                entry.pointee.state == .awaitingPubrec
            else { break }
            entry.pointee.state = .awaitingPubcomp
            ShortAck.write(0x62, identifier, to: output + 4 * taken)
            taken += 1
        }
        return taken
    }

    // MARK: Starting

    /// Whether `count` messages with together `byteCount` bytes can go out at once, with
    /// identifiers in a row.
    @inlinable
    package func mayStartStretch(of count: Int, byteCount: Int, _ limits: SendLimits) -> Bool {
        let window = fields
        guard window.pointee.cursor == window.pointee.ring.tail, !isTaken,
            window.pointee.inFlightCount + count <= limits.inFlightMax,
            window.pointee.ring.freeRun(after: window.pointee.lastIdentifier) >= count
        else { return false }
        return limits.inFlightBytesMax == .max
            || window.pointee.inFlightByteCount + byteCount <= limits.inFlightBytesMax
    }

    /// Makes room for a stretch of messages that `mayStartStretch` allows.
    package func reserve(_ count: Int) { fields.pointee.ring.reserve(count) }

    /// The next message of a stretch is under way; returns its identifier.
    ///
    /// Inlined into the loop over the stretch: called, it would take a tenth of what a delivery
    /// costs. `reserve` has made room.
    @inlinable
    @inline(__always)
    package func start(byteCount: Int, qos: UInt8) -> UInt16 {
        let window = fields
        let last = window.pointee.lastIdentifier
        let identifier = last == .max ? 1 : last &+ 1
        window.pointee.lastIdentifier = identifier
        guard let entries = window.pointee.ring.entries else {
            preconditionFailure("a reserved ring has storage")
        }
        let tail = window.pointee.ring.tail
        precondition(
            tail - window.pointee.ring.head < window.pointee.ring.capacity,
            "room is reserved"
        )
        (entries + (tail & (window.pointee.ring.capacity - 1)))
            .initialize(
                to: WindowEntry(
                    byteCount: byteCount,
                    identifier: identifier,
                    state: qos == 1 ? .awaitingPuback : .awaitingPubrec,
                    qos: qos,
                    isRetained: false
                )
            )
        window.pointee.ring.tail = tail + 1
        return identifier
    }

    /// Ends a stretch of `count` messages with together `byteCount` bytes.
    package func endStretch(of count: Int, byteCount: Int) {
        fields.pointee.cursor = fields.pointee.ring.tail
        fields.pointee.ring.identifiedEnd = fields.pointee.ring.tail
        fields.pointee.inFlightCount += count
        fields.pointee.inFlightByteCount += byteCount
    }
}
