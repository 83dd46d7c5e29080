// SPDX-License-Identifier: Apache-2.0
// Messages on their way to the client: everything that changes them.

import Inflight

extension Session {
    /// Takes a message in, behind all others; the limits have been asked for before.
    func queue(_ message: Message, _ form: DeliveryForm) {
        guard let listener = worker.sessionListener else {
            _ = add(message, form)
            return
        }
        let message = listener.numbered(message)
        listener.session(self, queued: message, form, place: add(message, form))
    }

    private func add(_ message: Message, _ form: DeliveryForm) -> Int {
        outgoing.queue(
            message,
            qos: form.qos,
            isRetained: form.isRetained,
            subscriptionIdentifier: form.subscriptionIdentifier
        )
    }

    /// A message on its way, as its session's image has it.
    func image(_ message: Message, _ form: DeliveryForm) -> OutgoingImage {
        OutgoingImage(
            message: worker.sessionListener?.number(of: message) ?? 0,
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
            note(.sent(place: place, identifier: identifier, qos: qos, lastIdentifier: last))
        } else if identifier != 0 {
            worker.sessionListener?.session(self, resent: place, qos: qos)
        }
        return identifier
    }

    /// The message at a place is over without an answer.
    func finish(_ place: Int) {
        let identifier = outgoing.window.identifier(at: place)
        guard let listener = worker.sessionListener else { return outgoing.finish(place) }
        listener.session(self, willEnd: place, outgoing.window.wantedIdentifier(at: place))
        outgoing.finish(place)
        let change: SessionChange =
            identifier == 0 ? .discarded(place: place) : .acknowledged(identifier: identifier)
        listener.session(self, changed: change)
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
            guard let listener = worker.sessionListener else {
                outgoing.noteEnded(place)
                break
            }
            listener.session(self, willEnd: place, identifier)
            outgoing.noteEnded(place)
            listener.session(self, changed: .acknowledged(identifier: identifier))
        }
        return answer
    }

    /// PUBACK packets in order; returns how many were taken off the front of `bytes`.
    func acknowledgePubacks(_ bytes: UnsafeRawBufferPointer) -> Int {
        noted(outgoing.window.acknowledgePubacks(bytes), bytes)
    }

    /// PUBCOMP packets in order; the same.
    func acknowledgePubcomps(_ bytes: UnsafeRawBufferPointer) -> Int {
        noted(outgoing.window.acknowledgePubcomps(bytes), bytes)
    }

    private func noted(_ places: Range<Int>, _ bytes: UnsafeRawBufferPointer) -> Int {
        guard !places.isEmpty else { return 0 }
        guard let listener = worker.sessionListener else {
            outgoing.noteEnded(places)
            return places.count
        }
        for (index, place) in places.enumerated() {
            listener.session(self, willEnd: place, ShortAck.identifier(bytes, at: 4 * index))
        }
        outgoing.noteEnded(places)
        forEachStretch(bytes, places.count) { listener.session(self, acknowledged: $0) }
        return places.count
    }

    /// The identifiers of short acknowledgements, as far as they are in a row at a time.
    private func forEachStretch(
        _ bytes: UnsafeRawBufferPointer,
        _ count: Int,
        _ body: (IdentifierStretch) -> Void
    ) {
        guard count > 0 else { return }
        var stretch = IdentifierStretch(first: ShortAck.identifier(bytes, at: 0))
        for index in 1..<count {
            let identifier = ShortAck.identifier(bytes, at: 4 * index)
            if identifier == stretch.next {
                stretch.count += 1
            } else {
                body(stretch)
                stretch = IdentifierStretch(first: identifier)
            }
        }
        body(stretch)
    }

    /// PUBREC packets in order; writes PUBREL for each to `output` and returns how many were taken
    /// off the front of `bytes`.
    func releasePubrecs(
        _ bytes: UnsafeRawBufferPointer,
        output: UnsafeMutableRawPointer
    ) -> Int {
        let count = outgoing.window.releasePubrecs(bytes, output: output)
        if let listener = worker.sessionListener {
            forEachStretch(bytes, count) { listener.session(self, released: $0) }
        }
        return count
    }

    /// PUBREL goes out again.
    func noteReleasedAgain(_ identifier: UInt16) {
        worker.reporter?.session(self, changed: .released(identifier: identifier))
    }

    /// Ends those of the messages at these places that are not under way and that `isUnwanted`.
    func dropOutgoing(in range: Range<Int>, where isUnwanted: (_ place: Int) -> Bool) {
        guard let listener = worker.sessionListener else {
            return outgoing.drop(in: range, where: isUnwanted)
        }
        let window = outgoing.window.places
        var position = 0
        var dropped: [Int] = []
        var places: [Int] = []
        var identifiers: [UInt16] = []
        var positions: [Int: Int] = [:]
        for place in window where outgoing.window.state(at: place) != .ended {
            positions[place] = position
            position += 1
        }
        outgoing.drop(in: range) { place in
            guard isUnwanted(place) else { return false }
            listener.session(self, willEnd: place, outgoing.window.wantedIdentifier(at: place))
            let identifier = outgoing.window.identifier(at: place)
            if identifier != 0 {
                identifiers.append(identifier)
            } else if let position = positions[place] {
                dropped.append(position)
                places.append(place)
            }
            return true
        }
        if !dropped.isEmpty { note(.dropped(positions: dropped.reversed(), places: places)) }
        // What was sent may have moved since: only its identifier says which it is.
        for identifier in identifiers { note(.acknowledged(identifier: identifier)) }
    }
}
