// SPDX-License-Identifier: Apache-2.0
// A broker that does what chance says, and records it as a real one has to.

import Inflight
import LogTestSupport
import MQTT

@testable import Persist

/// What goes from one reactor to another.
enum ScriptMail {
    case delivery(MessageNumber, LogDestination)
    /// Everything that came before this was accepted before the checkpoint began there.
    case marker
}

/// A checkpoint under way.
struct ScriptCheckpoint {
    let number: UInt64
    /// Reactors that have sent their markers.
    var marked: Set<UInt8> = []
    /// How many markers a reactor has got.
    var markerCounts: [UInt8: Int] = [:]
    /// Sessions a reactor has yet to image.
    var sessionsLeft: [UInt8: [SessionNumber]] = [:]
    /// The session whose image has begun: where it goes on, and where it ends.
    var open: [UInt8: (session: SessionNumber, from: UInt64, to: UInt64)] = [:]
    /// Retained topics to be recorded, by the first reactor.
    var topicsLeft: [[UInt8]]?
    /// Messages whose content was recorded since it began.
    var recorded: Set<MessageNumber> = []
    var done: Set<UInt8> = []
}

/// Reactors with sessions, a log model, and what they record.
///
/// One turn belongs to one reactor and is one frame. Messages for a session of another reactor are
/// pending until that takes them out of its mail, in a later turn.
struct LogScript {
    let reactorCount: Int
    /// Most bytes of nearly all payloads.
    var payloadMax = 60
    var dice: LogDice
    var model = LogModel()
    var mail: [UInt8: [ScriptMail]] = [:]
    var checkpoint: ScriptCheckpoint?
    /// The reactor whose turn it is.
    var reactor: UInt8 = 0

    init(reactorCount: Int, dice: LogDice) {
        self.reactorCount = reactorCount
        self.dice = dice
    }

    func home(_ session: SessionNumber) -> UInt8 { UInt8(session % UInt64(reactorCount)) }

    /// A checkpoint has begun.
    mutating func begin(_ number: UInt64) { checkpoint = ScriptCheckpoint(number: number) }

    /// What a broker that starts begins with.
    mutating func restart(reactorCount: Int) -> LogScript {
        var next = LogScript(reactorCount: reactorCount, dice: dice)
        next.model = model
        next.model.restart()
        return next
    }

    /// One turn; returns the number of the checkpoint that is now whole.
    mutating func turn(_ reactor: UInt8, _ buffer: inout RecordBuffer) -> UInt64? {
        self.reactor = reactor
        if dice.isOne(in: 3) {
            model.clock += Int64(dice.roll(5)) - 1
            model.recordedClock = model.clock
            buffer.write(.clock(model.clock))
        }
        readMail(&buffer)
        for _ in 0...dice.roll(5) { act(&buffer) }
        return image(&buffer)
    }

    // MARK: Choices

    private var own: [SessionNumber] { model.sessions.keys.sorted().filter { home($0) == reactor } }

    private mutating func act(_ buffer: inout RecordBuffer) {
        let own = own
        guard let session = own.isEmpty ? nil : dice.pick(own), !dice.isOne(in: 12) else {
            // Few sessions, of which much happens to each.
            if own.count < 6 { attachNew(&buffer) } else { end(own[0], &buffer) }
            return
        }
        switch dice.roll(16) {
        case 0...4: publish(&buffer)
        case 5, 6: send(session, &buffer)
        case 7, 8: acknowledge(session, &buffer)
        case 9: release(session, &buffer)
        case 10: receive(session, &buffer)
        case 11: complete(session, &buffer)
        case 12: drop(session, &buffer)
        case 13: subscribe(session, &buffer)
        case 14: comeOrGo(session, &buffer)
        default: clearRetained(&buffer)
        }
    }

    private mutating func identity() -> LogIdentity {
        LogIdentity(
            clientIdentifier: "client-\(model.sessionMax)",
            userName: dice.isOne(in: 2) ? nil : "user-\(dice.roll(9))",
            listenerPort: UInt16(dice.roll(65_536))
        )
    }

    private mutating func attachNew(_ buffer: inout RecordBuffer) {
        model.sessionMax += 1
        while home(model.sessionMax) != reactor { model.sessionMax += 1 }
        let identity = identity()
        let session = ModelSession(
            number: model.sessionMax,
            identity: identity,
            expiryInterval: UInt32(dice.roll(100))
        )
        model.sessions[session.number] = session
        buffer.write(
            .attached(
                session.number,
                identity,
                expiryInterval: session.expiryInterval,
                isNew: true
            )
        )
    }

    private mutating func end(_ number: SessionNumber, _ buffer: inout RecordBuffer) {
        model.sessions[number] = nil
        buffer.write(.ended(number))
    }

    private mutating func comeOrGo(_ number: SessionNumber, _ buffer: inout RecordBuffer) {
        guard var session = model.sessions[number] else { return }
        switch dice.roll(6) {
        case 0: return end(number, &buffer)
        case 1:
            session.detachedAt = model.clock
            buffer.write(.detached(number, at: model.clock))
        case 2:
            session.detachedAt = nil
            session.identity.listenerPort = UInt16(dice.roll(65_536))
            session.expiryInterval = UInt32(dice.roll(1000))
            buffer.write(
                .attached(
                    number,
                    session.identity,
                    expiryInterval: session.expiryInterval,
                    isNew: false
                )
            )
        case 3:
            session.expiryInterval = UInt32(truncatingIfNeeded: dice.number())
            buffer.write(.expiryChanged(number, session.expiryInterval))
        default:
            session.will = dice.isOne(in: 3) ? nil : dice.will()
            buffer.write(.willChanged(number, session.will))
        }
        model.sessions[number] = session
    }

    private mutating func subscribe(_ number: SessionNumber, _ buffer: inout RecordBuffer) {
        guard var session = model.sessions[number] else { return }
        switch dice.roll(4) {
        case 0:
            guard !session.subscriptions.isEmpty else { return }
            let gone = session.subscriptions.remove(at: dice.roll(session.subscriptions.count))
            buffer.write(.unsubscribed(number, filter: gone.filter, shareName: gone.shareName))
        case 1:
            let image = dice.subscription()
            session.retainedPending.removeAll { $0.filter == image.filter }
            session.retainedPending.append(image)
            buffer.write(.retainedBegan(number, image))
        case 2:
            guard let filter = session.retainedPending.first?.filter else { return }
            session.retainedPending.removeAll { $0.filter == filter }
            buffer.write(.retainedEnded(number, filter: filter))
        default:
            let image = dice.subscription()
            session.subscriptions.removeAll {
                $0.filter == image.filter && $0.shareName == image.shareName
            }
            session.subscriptions.append(image)
            buffer.write(.subscribed(number, image))
        }
        model.sessions[number] = session
    }

    private mutating func clearRetained(_ buffer: inout RecordBuffer) {
        guard let topic = model.retained.keys.min(by: { $0.count < $1.count }) else { return }
        model.version += 1
        model.retained[topic] = nil
        topic.withUnsafeBytes { bytes in
            buffer.write(.retainedCleared(version: model.version, topic: bytes))
        }
    }
}

extension LogDice {
    mutating func will() -> Will {
        Will(
            topic: bytes(atMost: 20),
            payload: bytes(atMost: 300),
            qos: UInt8(roll(3)),
            isRetained: isOne(in: 2),
            delayInterval: UInt32(truncatingIfNeeded: number()),
            messageExpiryInterval: isOne(in: 2) ? nil : UInt32(truncatingIfNeeded: number()),
            forwardedProperties: bytes(atMost: 20)
        )
    }

    mutating func subscription() -> SubscriptionImage {
        SubscriptionImage(
            filter: Array("filter/\(roll(6))".utf8),
            shareName: isOne(in: 3) ? Array("group\(roll(2))".utf8) : nil,
            options: UInt8(roll(64)),
            identifier: isOne(in: 2) ? 0 : UInt32(roll(1 << 28))
        )
    }
}
