// SPDX-License-Identifier: Apache-2.0
// Who is told what happens to sessions.

import Inflight

/// Who wants to know what happens to sessions.
///
/// Called on the session's thread, in the order of what happens, after it has; must not change the
/// session.
protocol SessionListener: AnyObject {
    /// The number under which a message is kept from now on.
    func number(of message: Message) -> MessageNumber

    /// Something happened to a session.
    func session(_ session: Session, changed change: SessionChange)

    /// A message waits, at this place of the window.
    func session(_ session: Session, queued message: Message, _ form: DeliveryForm, place: Int)

    /// All messages of a batch have gone out at once, from this place and with identifiers from this
    /// one on.
    func session(
        _ session: Session,
        started batch: PublishBatch,
        qos: UInt8,
        place: Int,
        identifier: UInt16
    )

    /// Messages in a row have been acknowledged to the end.
    func session(_ session: Session, acknowledged stretch: IdentifierStretch)

    /// PUBREC has come for messages in a row.
    func session(_ session: Session, released stretch: IdentifierStretch)

    /// A QoS 2 message was received.
    func session(_ session: Session, received message: Message, _ identifier: UInt16)

    /// A message that a session is about to keep, under the number that it is to have there.
    func numbered(_ message: Message) -> Message

    /// The message at a place goes out again.
    func session(_ session: Session, resent place: Int, qos: UInt8)

    /// The message at a place is over, and about to be forgotten; the window may not have it any more.
    func session(_ session: Session, willEnd place: Int, _ identifier: UInt16)

    /// A QoS 2 message was released, or forgotten.
    func session(_ session: Session, completed message: Message, _ identifier: UInt16)

    /// A session is over, and about to forget all it has.
    func sessionWillEnd(_ session: Session)
}

/// What only those want to know who are told of messages one by one.
extension SessionListener {
    func numbered(_ message: Message) -> Message { message }
    func session(_ session: Session, resent place: Int, qos: UInt8) {}
    func session(_ session: Session, willEnd place: Int, _ identifier: UInt16) {}
    func session(_ session: Session, completed message: Message, _ identifier: UInt16) {}
    func sessionWillEnd(_ session: Session) {}
}

extension SessionListener {
    func session(_ session: Session, acknowledged stretch: IdentifierStretch) {
        for index in 0..<stretch.count {
            self.session(session, changed: .acknowledged(identifier: stretch[index]))
        }
    }

    func session(_ session: Session, released stretch: IdentifierStretch) {
        for index in 0..<stretch.count {
            self.session(session, changed: .released(identifier: stretch[index]))
        }
    }

    func session(_ session: Session, queued message: Message, _ form: DeliveryForm, place: Int) {
        self.session(session, changed: .queued(session.image(message, form), place: place))
    }

    func session(
        _ session: Session,
        started batch: PublishBatch,
        qos: UInt8,
        place: Int,
        identifier: UInt16
    ) {
        let form = DeliveryForm(qos: qos, isRetained: false)
        var identifier = identifier
        for index in 0..<batch.count {
            let place = place + index
            self.session(session, queued: session.outgoing[place], form, place: place)
            self.session(
                session,
                changed: .sent(
                    place: place,
                    identifier: identifier,
                    qos: qos,
                    lastIdentifier: identifier
                )
            )
            identifier = PacketIdentifiers.next(identifier)
        }
    }

    func session(_ session: Session, received message: Message, _ identifier: UInt16) {
        let image = IncomingImage(identifier: identifier, message: number(of: message))
        self.session(session, changed: .received(image))
    }
}
