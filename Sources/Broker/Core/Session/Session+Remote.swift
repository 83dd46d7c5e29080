// SPDX-License-Identifier: Apache-2.0
// Windows that the machine of a bridge has changed: what follows for messages and listeners.

import ClientMachine
import Inflight

extension Session {
    /// PUBACK or PUBCOMP has come for messages; they have left the window.
    func noteAcknowledged(_ stretch: AnswerStretch) {
        let places = stretch.places
        guard let listener = worker.sessionListener else { return outgoing.noteEnded(places) }
        for place in places {
            listener.session(self, willEnd: place, stretch.identifier(at: place))
        }
        outgoing.noteEnded(places)
        for place in places {
            note(.acknowledged(identifier: stretch.identifier(at: place)))
        }
    }

    /// PUBREC has come for a message.
    func noteReleased(_ identifier: UInt16) { note(.released(identifier: identifier)) }

    /// A QoS 2 message is at this place of the receive window: keeps it until its release.
    func keep(_ message: Message, at place: Int, _ identifier: UInt16) {
        let message = worker.sessionListener?.numbered(message) ?? message
        openIncoming().store(message, at: place)
        worker.sessionListener?.session(self, received: message, identifier)
    }

    /// Takes out a QoS 2 message whose place was given back.
    func takeReleased(at place: Int) -> Message? { incoming?.take(place) }

    /// A QoS 2 message that was taken out is over, whether or not it was published.
    func noteForgotten(_ message: Message, _ identifier: UInt16) {
        note(.completed(identifier: identifier))
        noteCompleted(message, identifier)
    }

    /// A QoS 2 message is asked about before it is kept: its place is given back until then.
    func giveBack(_ identifier: UInt16) { _ = incoming?.window.release(identifier) }
}
