// SPDX-License-Identifier: Apache-2.0
// What waits in a session goes out, as far as window and socket allow.

import Inflight
import MQTT
import Net

extension Outlet {
    /// Above this many waiting bytes the queue is left alone until the socket has taken some.
    private static let outputBytesMax = 256 << 10

    /// Sends what the window, the socket and the output limit allow: first what an earlier
    /// connection left unfinished, then the queue, in order.
    func pump(_ session: Session) {
        guard !isPumping, !isRechecking, session.outlet === self else { return }
        isPumping = true
        defer { isPumping = false }
        let limits = limits
        while !isDeciding, session.outgoing.window.hasWaiting, !connection.isClosed {
            if connection.queuedByteCount > Self.outputBytesMax {
                if worker.reporter != nil { worker.sendOutboxes() }
                connection.flush()
                if connection.queuedByteCount > Self.outputBytesMax { return }
            }
            guard mayWritePacket(), let step = session.next(limits) else { return }
            switch step {
            case .release(let identifier):
                peer.writeAck(.pubrel, identifier)
                session.noteReleasedAgain(identifier)
            case .publish(let place, let isResent): send(place, isResent: isResent, of: session)
            }
        }
    }

    /// Sends the message that the window has handed out, unless its time is over.
    ///
    /// What was sent before is sent again all the same, because its receiver may have it
    /// [MQTT-4.3.3-7].
    private func send(_ place: Int, isResent: Bool, of session: Session) {
        let message = session.outgoing[place]
        if !isResent, message.isExpired(at: worker.now) {
            session.drop(.expired)
            return session.finish(place)
        }
        if worker.hasHooks, worker.events(on: session.listenerIndex).contains(.messageOut) {
            return decide(place, isResent: isResent, of: session)
        }
        let form = session.form(at: place)
        write(message, form, at: place, isResent: isResent, of: session)
    }

    /// Raises MESSAGE_OUT for the message that was handed out; nothing else goes out before the
    /// answer.
    private func decide(_ place: Int, isResent: Bool, of session: Session) {
        let message = session.outgoing[place]
        let form = session.form(at: place)
        let question = DeliveryQuestion(
            message: message,
            qos: form.qos,
            isRetained: form.isRetained,
            checksAccess: false,
            isFiltered: true
        )
        isDeciding = true
        _ = worker.ask(.deliver(session.identity, [question])) { [self] answer in
            // What was handed out stays where it is for as long as this outlet serves the session.
            guard session.outlet === self, isDeciding else { return }
            isDeciding = false
            assert(session.outgoing.window.isTaken, "what is decided about was handed out")
            guard case .deliver(let decisions) = answer, let decision = decisions.first else {
                return session.finish(place)
            }
            switch decision {
            case .denied:
                session.drop(.plugin)
                session.finish(place)
            case .allowed: write(message, form, at: place, isResent: isResent, of: session)
            case .replaced(let other, let qos, let isRetained):
                var changed = form
                changed.qos = qos
                changed.isRetained = isRetained
                write(other, changed, at: place, isResent: isResent, of: session)
            }
            pump(session)
        }
    }

    /// Writes the message that was handed out, or what a plugin has put in its stead.
    private func write(
        _ message: Message,
        _ form: DeliveryForm,
        at place: Int,
        isResent: Bool,
        of session: Session
    ) {
        var form = form
        var isDuplicate = isResent
        if let remote {
            form.qos = min(form.qos, remote.maximumQoS)
            isDuplicate = isResent && place < remote.firstNewPlace
        }
        // [MQTT-4.3.2-2] [MQTT-4.3.3-2]
        let identifier = session.begin(place, qos: form.qos, isResent: isResent)
        if form.qos == 2, session.isPersistent, worker.answerHolder != nil {
            let answer = HeldAnswer.publish(
                message,
                form,
                identifier: identifier,
                isDuplicate: isDuplicate
            )
            if peer.hold(answer) { return }
        }
        let isWritten = message.withPublication { publication in
            write(
                publication,
                of: message,
                form,
                packetIdentifier: identifier,
                isDuplicate: isDuplicate && form.qos > 0
            )
        }
        if !isWritten || form.qos == 0 { session.finish(place) }
    }
}

extension Session {
    /// How the message at a place goes out.
    func form(at place: Int) -> DeliveryForm {
        let (qos, isRetained) = outgoing.window.form(at: place)
        return DeliveryForm(
            qos: qos,
            isRetained: isRetained,
            subscriptionIdentifier: outgoing.subscriptionIdentifier(place)
        )
    }

    /// Sends what waits, if somebody takes it.
    func pump() { outlet?.pump(self) }
}
