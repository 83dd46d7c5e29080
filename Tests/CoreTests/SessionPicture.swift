// SPDX-License-Identifier: Apache-2.0
// A session in a form that can be compared with another.

import Inflight
import MQTT
import Persist

@testable import Core

/// A session with its messages, in a form that can be compared.
struct SessionPicture {
    struct Delivery: Equatable {
        var content: [UInt8]
        var image: OutgoingImage
        /// The number the log has it under; not compared.
        var number: MessageNumber

        static func == (one: Delivery, other: Delivery) -> Bool {
            one.content == other.content && one.image == other.image
        }
    }

    let expiryInterval: UInt32
    let userName: String?
    let will: Will?
    let subscriptions: Set<String>
    let outgoing: [Delivery]
    let incoming: [UInt16: [UInt8]]
    let pending: Set<[UInt8]>
    let lastIdentifier: UInt16

    init(_ session: Session) {
        var contents: [[UInt8]] = []
        var numbers: [MessageNumber] = []
        let image = session.image { message in
            contents.append(
                message.withPublication {
                    Array($0.topic) + [0] + Array($0.properties) + [0] + Array($0.payload)
                }
            )
            numbers.append(message.number)
            return MessageNumber(contents.count - 1)
        }
        self.init(image, { contents[Int($0)] }, { numbers[Int($0)] })
    }

    init(_ log: RecoveredLog, at place: Int) {
        self.init(log.image(at: place)) { number in
            guard let message = log.message(number) else { return [] }
            return Array(message.topic) + [0] + Array(message.properties) + [0]
                + Array(message.payload)
        }
    }

    private init(
        _ image: SessionImage,
        _ content: (MessageNumber) -> [UInt8],
        _ number: (MessageNumber) -> MessageNumber = { $0 }
    ) {
        expiryInterval = image.expiryInterval
        userName = image.userName
        will = image.will
        subscriptions = Set(image.subscriptions.map { "\($0)" })
        outgoing = image.outgoing.map { delivery in
            var plain = delivery
            plain.message = 0
            return Delivery(
                content: content(delivery.message),
                image: plain,
                number: number(delivery.message)
            )
        }
        incoming = Dictionary(
            image.incoming.map { ($0.identifier, content($0.message)) },
            uniquingKeysWith: { $1 }
        )
        pending = Set(image.retainedPending.map(\.filter))
        lastIdentifier = image.lastIdentifier
    }

    /// What another picture of the same session has otherwise.
    func differences(from other: SessionPicture?) -> [String] {
        guard let other else { return ["not in the log"] }
        var found: [String] = []
        if will != other.will { found.append("will") }
        if expiryInterval != other.expiryInterval { found.append("expiry") }
        guard expiryInterval != 0 else { return found }
        if userName != other.userName { found.append("user name") }
        if subscriptions != other.subscriptions {
            found.append("subscriptions \(subscriptions) in the log \(other.subscriptions)")
        }
        if incoming != other.incoming {
            found.append(
                "incoming \(incoming.keys.sorted()), in the log \(other.incoming.keys.sorted())"
            )
        }
        if pending != other.pending { found.append("retained messages that are owed") }
        if outgoing != other.outgoing {
            let missing = outgoing.filter { !other.outgoing.contains($0) }
            found.append(
                "outgoing \(outgoing.count), in the log \(other.outgoing.count), "
                    + "not there: \(missing.prefix(3).map { String($0.number, radix: 16) + " " + String(decoding: $0.content.prefix(20), as: UTF8.self) + " \($0.image)" })"
            )
        }
        if lastIdentifier != other.lastIdentifier, outgoing.isEmpty == false {
            found.append("last identifier \(lastIdentifier), in the log \(other.lastIdentifier)")
        }
        return found
    }
}
