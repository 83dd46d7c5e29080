// SPDX-License-Identifier: Apache-2.0
// Answers that wait until something else has happened.

import Inflight
import MQTT

/// A packet that promises its client something, such as that a message is kept.
enum HeldAnswer {
    /// CONNACK of a session that begins: the client is inside from then on.
    case entry
    /// PUBACK, PUBREC or PUBCOMP for publications in a row, with one reason for all.
    case acknowledgements(PacketType, IdentifierStretch, ReasonCode)
    /// SUBACK or UNSUBACK.
    case packet([UInt8], PacketType)
    /// The retained messages of subscriptions whose SUBACK stands before.
    case retained([SessionSubscription])
    /// PUBLISH with QoS 2, which names an identifier that must not be forgotten.
    case publish(Message, DeliveryForm, identifier: UInt16, isDuplicate: Bool)
    /// PUBREL, which names a state that must not be forgotten.
    case release(identifier: UInt16)
}

/// Says for what an answer has to wait; asked before it goes out, on the client's thread.
protocol AnswerHolder: AnyObject {
    /// The number that `Worker.releaseAnswers` has to reach first; 0 when there is nothing to wait
    /// for. Numbers never fall.
    func ticket(for answer: HeldAnswer, of session: Session) -> UInt64
}

/// The answers of one connection that wait, in the order of what they answer [MQTT-4.6.0-2]
/// [MQTT-4.6.0-3] [MQTT-4.6.0-4].
///
/// One that needs to wait for nothing still waits for those before it. It is forgotten with the
/// connection. Invariant: tickets do not fall.
struct HeldAnswers {
    private var entries: [(ticket: UInt64, answer: HeldAnswer)] = []
    private var head = 0

    /// Whether nothing waits.
    var isEmpty: Bool { head == entries.count }

    /// How many wait.
    var count: Int { entries.count - head }

    /// Keeps an answer until `ticket` is reached, or until those before it have gone.
    mutating func hold(_ answer: HeldAnswer, until ticket: UInt64) {
        let last = isEmpty ? 0 : entries[entries.count - 1].ticket
        assert(ticket == 0 || ticket >= last, "tickets do not fall")
        if !isEmpty, ticket <= last, extendLast(answer) { return }
        entries.append((max(ticket, last), answer))
    }

    /// Takes acknowledgements to those that wait last, if they continue them.
    private mutating func extendLast(_ answer: HeldAnswer) -> Bool {
        guard
            case .acknowledgements(let type, let more, let reason) = answer,
            case .acknowledgements(type, var stretch, reason) = entries[entries.count - 1].answer,
            stretch.next == more.first, stretch.count + more.count <= Int(UInt16.max)
        else { return false }
        stretch.count += more.count
        entries[entries.count - 1].answer = .acknowledgements(type, stretch, reason)
        return true
    }

    /// Takes out what has not to wait any longer, in order.
    mutating func release(upTo ticket: UInt64) -> [HeldAnswer] {
        var released: [HeldAnswer] = []
        while head < entries.count, entries[head].ticket <= ticket {
            released.append(entries[head].answer)
            head += 1
        }
        if head == entries.count {
            entries = []
            head = 0
        } else if head > entries.count / 2 {
            entries.removeFirst(head)
            head = 0
        }
        return released
    }
}
