// SPDX-License-Identifier: Apache-2.0
// The messages that a session has yet to deliver.

import Inflight

/// A send window with the messages its places stand for.
///
/// Invariant: a place has a message exactly while the window's entry there has not ended.
struct OutgoingMessages: ~Copyable {
    let window = SendWindow()
    private let messages = UnsafeMessageSlots()

    deinit { giveUpAll() }

    private func giveUpAll() {
        for place in window.places where window.state(at: place) != .ended {
            messages.remove(place)
        }
    }

    /// The message at a place of the window.
    subscript(_ place: Int) -> Message { messages[place] }

    /// The subscription identifier that goes out with it; 0 for none.
    func subscriptionIdentifier(_ place: Int) -> UInt32 { messages.subscriptionIdentifier(place) }

    /// The number under which plugins know the message at a place; 0 when they do not.
    func entry(_ place: Int) -> UInt32 { messages.entry(place) }

    /// Plugins know the message at a place under a number, with QoS and RETAIN as they are now.
    func setEntry(_ place: Int, _ entry: UInt32) {
        let (qos, isRetained) = window.form(at: place)
        setEntry(place, entry, qos: qos, isRetained: isRetained)
    }

    /// The same, where both are known.
    @inline(__always)
    func setEntry(_ place: Int, _ entry: UInt32, qos: UInt8, isRetained: Bool) {
        assert(window.form(at: place) == (qos, isRetained), "plugins are told what is")
        messages.set(place, entry: entry, qos: qos, isRetained: isRetained)
    }

    /// The message at a place, without counting a reference to it.
    @inline(__always)
    func lent(_ place: Int) -> Unmanaged<MessageStorage> { messages.lent(place) }

    /// The number of the message at a place, without counting a reference to it.
    @inline(__always)
    func number(_ place: Int) -> MessageNumber { messages.number(place) }

    /// QoS and RETAIN flag of a message that plugins know, though the window may have given it up.
    func toldForm(_ place: Int) -> (qos: UInt8, isRetained: Bool) { messages.toldForm(place) }

    /// Takes a message in, behind all others; returns its place.
    func queue(
        _ message: Message,
        qos: UInt8,
        isRetained: Bool,
        subscriptionIdentifier: UInt32
    ) -> Int {
        let count = message.payloadCount
        let place = window.queue(byteCount: count, qos: qos, isRetained: isRetained)
        keep(message, at: place, subscriptionIdentifier)
        return place
    }

    private func keep(_ message: Message, at place: Int, _ subscriptionIdentifier: UInt32) {
        messages.reserve(window.places.lowerBound..<place, upTo: place + 1)
        messages.set(place, message)
        messages.set(place, subscriptionIdentifier: subscriptionIdentifier)
    }

    /// Takes in a message of a session image; false when it contradicts those before it.
    func restore(
        _ message: Message,
        _ state: WindowState,
        identifier: UInt16,
        qos: UInt8,
        isRetained: Bool,
        subscriptionIdentifier: UInt32,
        entry: UInt32 = 0
    ) -> Bool {
        let place = window.restore(
            state,
            identifier: identifier,
            byteCount: message.payloadCount,
            qos: qos,
            isRetained: isRetained
        )
        guard let place else { return false }
        keep(message, at: place, subscriptionIdentifier)
        if entry != 0 { setEntry(place, entry) }
        return true
    }

    /// The message at a place is over without an answer.
    func finish(_ place: Int) {
        window.finish(place)
        messages.remove(place)
        tidy()
    }

    /// An acknowledgement has ended the message at a place.
    func noteEnded(_ place: Int) {
        messages.remove(place)
        tidy()
    }

    /// Acknowledgements have ended all messages at these places.
    func noteEnded(_ places: Range<Int>) {
        for place in places { messages.remove(place) }
        tidy()
    }

    private func tidy() {
        if window.isEmpty { return messages.noteEmpty() }
        if window.isSparse { window.compact { messages.move(from: $0, to: $1) } }
    }

    /// Makes room for a stretch of `count` messages; returns the place of the first.
    func beginStretch(_ count: Int) -> Int {
        window.reserve(count)
        let places = window.places
        messages.reserve(places, upTo: places.upperBound + count)
        messages.clearExtras(places.upperBound, count)
        return places.upperBound
    }

    /// Keeps the message that the window has just started at a place of the stretch.
    @inline(__always)
    func setStarted(_ place: Int, _ message: Message) { messages.set(place, message) }

    /// Ends the messages that are not under way and for which `isUnwanted` holds; see `SendWindow.drop`.
    func drop(in places: Range<Int>, where isUnwanted: (_ place: Int) -> Bool) {
        var dropped: [Int] = []
        _ = window.drop(in: places) { place in
            guard isUnwanted(place) else { return false }
            dropped.append(place)
            return true
        }
        for place in dropped { messages.remove(place) }
        tidy()
    }

    /// Forgets everything.
    func removeAll() {
        giveUpAll()
        window.removeAll()
        messages.noteEmpty()
    }

    func checkInvariants() {
        window.checkInvariants()
        #if DEBUG
        let live = window.places.filter { window.state(at: $0) != .ended }
        assert(messages.occupied == live, "messages are where the window says")
        #endif
    }
}
