// SPDX-License-Identifier: Apache-2.0
// The QoS 2 messages that a session has received and that are not released.

import Inflight

/// A receive window with the messages its places stand for.
///
/// Made for the first QoS 2 message: few clients send any.
final class IncomingMessages {
    /// Lent to whoever decides what is received; of what that takes in or releases, `store` and `take`
    /// keep the messages in step.
    let window = ReceiveWindow()
    private let messages = UnsafeMessageSlots()

    deinit {
        for place in window.places where window.identifier(at: place) != nil {
            messages.remove(place)
        }
    }

    /// How many there are.
    var count: Int { window.count }

    /// Whether there are none.
    var isEmpty: Bool { window.isEmpty }

    /// What is kept under an identifier.
    struct Kept {
        let message: Message
        /// Whether it came before the present connection.
        let isFromEarlierConnection: Bool
    }

    /// Whether an identifier is in use.
    func contains(_ identifier: UInt16) -> Bool { window.place(of: identifier) != nil }

    /// The message under an identifier.
    func message(_ identifier: UInt16) -> Message? {
        window.place(of: identifier).map { messages[$0] }
    }

    /// Keeps a message under an identifier that is not in use.
    func accept(_ message: Message, _ identifier: UInt16) {
        let place = window.accept(identifier, byteCount: message.payloadCount)
        messages.reserve(window.places.lowerBound..<place, upTo: place + 1)
        messages.set(place, message)
    }

    /// Notes that a message was received once more; returns whether it had been before.
    func noteRepeated(_ identifier: UInt16) -> Bool {
        guard let place = window.place(of: identifier) else { return false }
        return window.repeated(place)
    }

    /// Keeps another message under an identifier that is in use.
    func replace(_ identifier: UInt16, _ message: Message) {
        guard let place = window.place(of: identifier) else { return }
        messages.replace(place, message)
    }

    /// What is kept under an identifier; nil when that is not in use.
    func kept(_ identifier: UInt16) -> Kept? {
        guard let place = window.place(of: identifier) else { return nil }
        return Kept(
            message: messages[place],
            isFromEarlierConnection: window.isFromEarlierConnection(place)
        )
    }

    /// Takes a message out.
    func release(_ identifier: UInt16) -> Kept? {
        guard let place = window.place(of: identifier), let kept = kept(identifier) else {
            return nil
        }
        _ = window.release(identifier)
        remove(place)
        return kept
    }

    /// Keeps a message at a place that the window has just taken in.
    func store(_ message: Message, at place: Int) {
        messages.reserve(window.places.lowerBound..<place, upTo: place + 1)
        messages.set(place, message)
    }

    /// Takes the messages out of places that the window has given back; `tidy` follows.
    func take(_ place: Int) -> Message {
        let message = messages[place]
        messages.remove(place)
        return message
    }

    /// Keeps messages whose identifiers rise and lie behind all others; false, and keeps nothing,
    /// where they do not.
    ///
    /// `messages` makes the message at an index.
    func acceptStretch(
        _ count: Int,
        identifier: (Int) -> UInt16,
        message: (Int) -> Message
    ) -> Bool {
        guard count > 0, window.mayAcceptStretch(from: identifier(0), to: identifier(count - 1))
        else { return false }
        var last: UInt16 = 0
        for index in 0..<count {
            let next = identifier(index)
            guard next > last else { return false }
            last = next
        }
        window.reserve(count)
        let places = window.places
        messages.reserve(places, upTo: places.upperBound + count)
        for index in 0..<count {
            let message = message(index)
            let place = window.acceptNext(identifier(index), byteCount: message.payloadCount)
            messages.set(place, message)
        }
        return true
    }

    /// How many PUBREL packets in their short form at the front of `bytes` are for the oldest
    /// messages, in order.
    func countReleases(_ bytes: UnsafeRawBufferPointer) -> Int { window.countReleases(bytes) }

    /// The message at a distance from the oldest, among those that `countReleases` has counted.
    func oldest(_ distance: Int) -> Message { messages[window.places.lowerBound + distance] }

    /// Takes the oldest messages out, of those that `countReleases` has counted.
    func removeOldest(_ count: Int) {
        let first = window.places.lowerBound
        window.removeOldest(count)
        for place in first..<(first + count) { messages.remove(place) }
        tidy()
    }

    private func remove(_ place: Int) {
        messages.remove(place)
        tidy()
    }

    /// Keeps no more memory than what is there needs.
    func tidy() {
        if window.isEmpty { return messages.noteEmpty() }
        if window.isSparse { window.compact { messages.move(from: $0, to: $1) } }
    }

    /// A new connection begins.
    func resume() { window.resume() }

    /// All of them with places and identifiers, oldest first.
    var placed: [(place: Int, identifier: UInt16, message: Message)] {
        window.places.compactMap { place in
            window.identifier(at: place).map { (place, $0, messages[place]) }
        }
    }

    /// All of them with their identifiers, oldest first.
    var all: [(identifier: UInt16, message: Message)] {
        window.places.compactMap { place in
            window.identifier(at: place).map { ($0, messages[place]) }
        }
    }

    func checkInvariants() {
        window.checkInvariants()
        #if DEBUG
        let live = window.places.filter { window.identifier(at: $0) != nil }
        assert(messages.occupied == live, "messages are where the window says")
        #endif
    }
}
