// SPDX-License-Identifier: Apache-2.0
// Messages on their way to the client: everything that changes them.

import Inflight

extension Session {
    /// Takes a message in, behind all others; the limits have been asked for before.
    func queue(_ message: Message, _ form: DeliveryForm) {
        outgoing.queue(
            message,
            qos: form.qos,
            isRetained: form.isRetained,
            subscriptionIdentifier: form.subscriptionIdentifier
        )
        note(.queued(image(message, form)))
    }

    private func image(_ message: Message, _ form: DeliveryForm) -> OutgoingImage {
        OutgoingImage(
            message: worker.sessionListener?.number(of: message.storage) ?? 0,
            qos: form.qos,
            isRetained: form.isRetained,
            subscriptionIdentifier: form.subscriptionIdentifier
        )
    }

    /// Hands out what is to be sent next; see `SendWindow.next`.
    func next(_ limits: SendLimits) -> SendWindow.Step? {
        outgoing.window.next(limits)
    }

    /// The message that was handed out goes out now; returns its packet identifier, 0 for QoS 0.
    func begin(_ place: Int, qos: UInt8, isResent: Bool) -> UInt16 {
        let identifier = outgoing.window.begin(place, qos: qos)
        if identifier != 0, !isResent {
            let last = outgoing.window.lastIdentifier
            note(.sent(identifier: identifier, qos: qos, lastIdentifier: last))
        }
        return identifier
    }

    /// The message at a place is over without an answer.
    func finish(_ place: Int) {
        let identifier = outgoing.window.identifier(at: place)
        outgoing.finish(place)
        note(identifier == 0 ? .discarded : .acknowledged(identifier: identifier))
    }

    /// The message under way with this identifier is over without an answer.
    func finish(identifier: UInt16) {
        if let place = outgoing.window.place(inFlight: identifier) { finish(place) }
    }

    /// PUBACK; unknown identifiers are ignored.
    func acknowledgePuback(_ identifier: UInt16) -> Acknowledgement {
        noted(outgoing.window.acknowledgePuback(identifier), identifier)
    }

    /// PUBREC.
    func acknowledgePubrec(_ identifier: UInt16, isError: Bool) -> Acknowledgement {
        noted(outgoing.window.acknowledgePubrec(identifier, isError: isError), identifier)
    }

    /// PUBCOMP.
    func acknowledgePubcomp(_ identifier: UInt16) -> Acknowledgement {
        noted(outgoing.window.acknowledgePubcomp(identifier), identifier)
    }

    private func noted(_ answer: Acknowledgement, _ identifier: UInt16) -> Acknowledgement {
        switch answer {
        case .unknown, .unexpected: break
        case .released: note(.released(identifier: identifier))
        case .ended(let place):
            outgoing.noteEnded(place)
            note(.acknowledged(identifier: identifier))
        }
        return answer
    }

    /// PUBACK packets in order; returns how many were taken off the front of `bytes`.
    ///
    /// Nobody listens: what happens in stretches is not told.
    func acknowledgePubacks(_ bytes: UnsafeRawBufferPointer) -> Int {
        assert(worker.sessionListener == nil, "a listener is told of each message")
        let places = outgoing.window.acknowledgePubacks(bytes)
        if !places.isEmpty { outgoing.noteEnded(places) }
        return places.count
    }

    /// PUBCOMP packets in order; the same.
    func acknowledgePubcomps(_ bytes: UnsafeRawBufferPointer) -> Int {
        assert(worker.sessionListener == nil, "a listener is told of each message")
        let places = outgoing.window.acknowledgePubcomps(bytes)
        if !places.isEmpty { outgoing.noteEnded(places) }
        return places.count
    }

    /// Ends those of the messages at `places` that are not under way and that `isUnwanted`.
    func dropOutgoing(in places: Range<Int>, where isUnwanted: (_ place: Int) -> Bool) {
        guard worker.sessionListener != nil else {
            return outgoing.drop(in: places, where: isUnwanted)
        }
        let window = outgoing.window.places
        var position = 0
        var dropped: [Int] = []
        var positions: [Int: Int] = [:]
        for place in window where outgoing.window.state(at: place) != .ended {
            positions[place] = position
            position += 1
        }
        outgoing.drop(in: places) { place in
            guard isUnwanted(place) else { return false }
            if let position = positions[place] { dropped.append(position) }
            return true
        }
        if !dropped.isEmpty { note(.dropped(positions: dropped.reversed())) }
    }
}
