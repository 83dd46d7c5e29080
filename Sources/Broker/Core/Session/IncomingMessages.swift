// SPDX-License-Identifier: Apache-2.0
// The QoS 2 messages that a session has received and that are not released.

import Inflight

/// A receive window with the messages its places stand for.
///
/// Made for the first QoS 2 message: few clients send any.
final class IncomingMessages {
    private let window = ReceiveWindow()
    private let messages = UnsafeMessageSlots()

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

    /// Takes a message out.
    func release(_ identifier: UInt16) -> Kept? {
        guard let place = window.place(of: identifier) else { return nil }
        let kept = Kept(
            message: messages[place],
            isFromEarlierConnection: window.isFromEarlierConnection(place)
        )
        _ = window.release(identifier)
        remove(place)
        return kept
    }

    /// The oldest message, if it has this identifier.
    func first(_ identifier: UInt16) -> Message? {
        guard let place = window.places.first, window.identifier(at: place) == identifier else {
            return nil
        }
        return messages[place]
    }

    /// Takes the oldest message out, which has this identifier.
    func removeFirst(_ identifier: UInt16) {
        guard let place = window.releaseFirst(identifier) ?? window.release(identifier) else {
            return
        }
        remove(place)
    }

    private func remove(_ place: Int) {
        messages.remove(place)
        if window.isEmpty { return messages.noteEmpty() }
        if window.isSparse { window.compact { messages.move(from: $0, to: $1) } }
    }

    /// A new connection begins.
    func resume() { window.resume() }

    /// All of them with their identifiers, oldest first.
    var all: [(identifier: UInt16, message: Message)] {
        window.places.compactMap { place in
            window.identifier(at: place).map { ($0, messages[place]) }
        }
    }

    func checkInvariants() {
        window.checkInvariants()
        assert(
            messages.occupied(window.places)
                == window.places.filter { window.identifier(at: $0) != nil },
            "messages are where the window says"
        )
    }
}
