// SPDX-License-Identifier: Apache-2.0
// Records by chance, the same ones with the same seed.

import Glibc
import Inflight
import MQTT
import Persist
import TestSupport

/// Makes files by chance, of records that a broker could write.
struct DatabaseRandom {
    private var generator: SplitMix64

    /// The seed of a test: `$DATABASE_SEED`, or another one each time.
    static var seed: UInt64 {
        let seed = getenv("DATABASE_SEED").flatMap { UInt64(String(cString: $0)) }
        let chosen = seed ?? UInt64.random(in: 0...UInt64.max)
        print("DATABASE_SEED=\(chosen)")
        return chosen
    }

    init(seed: UInt64) { generator = SplitMix64(seed: seed) }

    /// Any number.
    mutating func next() -> UInt64 { generator.next() }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    mutating func flip() -> Bool { next() & 1 == 1 }

    private mutating func number16() -> UInt16 { UInt16(truncatingIfNeeded: next()) }

    private mutating func time() -> Int64 {
        below(3) == 0 ? 0 : Int64(bitPattern: next()) >> below(40)
    }

    /// A text of one to `max` characters of one to four bytes.
    private mutating func text(_ max: Int = 12) -> String {
        let letters: [Character] = ["a", "B", "7", "-", "é", "€", "😀"]
        return String((0...below(max)).map { _ in letters[below(letters.count)] })
    }

    private mutating func count() -> Int { [0, 1, 5, 100, 5000, 200_000][below(6)] }

    private mutating func bytes(_ count: Int) -> Bytes {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }

    private mutating func properties() -> Bytes {
        var list: Bytes = []
        if flip() { list += Property.payloadFormat(1) }
        if flip() { list += Property.contentType(text()) }
        if flip() { list += Property.responseTopic(text()) }
        if flip() { list += Property.correlationData(bytes(below(300))) }
        for _ in 0..<below(4) { list += Property.user(text(), text(100)) }
        return list
    }

    private mutating func message() -> DatabaseRecord {
        .message(
            DatabaseMessage(
                number: next(),
                expiryTime: time(),
                sourceIdentifier: flip() ? text(40) : "",
                sourceUserName: flip() ? text() : nil,
                sourcePort: number16(),
                sourcePacketIdentifier: number16(),
                qos: UInt8(below(3)),
                isRetained: flip()
            ),
            topic: utf8(text(60) + "/" + text()),
            properties: properties(),
            payload: bytes(below(8) == 0 ? count() : below(64))
        )
    }

    private mutating func client() -> DatabaseRecord {
        .client(
            DatabaseClient(
                clientIdentifier: text(),
                userName: flip() ? text() : nil,
                expiryTime: time(),
                expiryInterval: UInt32(truncatingIfNeeded: next()),
                lastIdentifier: number16(),
                listenerPort: number16()
            )
        )
    }

    private mutating func delivery() -> DatabaseRecord {
        let states = DatabaseDelivery.State.allCases
        return .delivery(
            DatabaseDelivery(
                clientIdentifier: text(),
                message: next(),
                identifier: number16(),
                qos: UInt8(below(3)),
                isRetained: flip(),
                isDuplicate: flip(),
                direction: flip() ? .incoming : .outgoing,
                state: states[below(states.count)],
                subscriptionIdentifier: flip() ? 0 : UInt32(below(268_435_456) >> below(28))
            )
        )
    }

    private mutating func subscription() -> DatabaseRecord {
        let head = ["", "$share/" + text() + "/", "$SYS/"][below(3)]
        let tail = ["", "/#", "/+/x"][below(3)]
        return .subscription(
            DatabaseSubscription(
                clientIdentifier: text(),
                filter: utf8(head + text(30) + tail),
                options: UInt8(below(3)) | UInt8(below(3) << 4) | (flip() ? 0x0C : 0),
                identifier: UInt32(below(268_435_456) >> below(28))
            )
        )
    }

    /// Records in any order behind the configuration.
    mutating func records(_ count: Int) -> [DatabaseRecord] {
        let head = DatabaseConfiguration(lastNumber: next(), isCleanShutdown: flip())
        var records: [DatabaseRecord] = [.configuration(head)]
        while records.count < count {
            switch below(5) {
            case 0: records.append(message())
            case 1: records.append(client())
            case 2: records.append(delivery())
            case 3: records.append(subscription())
            default: records.append(.retained(next()))
            }
        }
        return records
    }

    /// A session as a broker has it; `messages` are what its deliveries refer to.
    mutating func session(messages: [MessageNumber]) -> SessionImage {
        var image = SessionImage(
            clientIdentifier: text(),
            userName: flip() ? text() : nil,
            expiryInterval: UInt32(truncatingIfNeeded: next())
        )
        image.lastIdentifier = [0, 1, 7, 0xFFFF, number16()][below(5)]
        func unused() -> UInt16 { UInt16(image.outgoing.count * 3 + 1) }
        for _ in 0..<below(6) {
            let qos = UInt8(1 + below(2))
            let identifier = unused()
            let isReleased = qos == 2 && flip()
            image.outgoing.append(
                outgoing(
                    messages,
                    qos,
                    isReleased
                        ? .released(identifier: identifier) : .published(identifier: identifier)
                )
            )
        }
        for _ in 0..<below(20) {
            image.outgoing.append(outgoing(messages, UInt8(below(3)), .queued))
        }
        for identifier in 0..<below(4) {
            image.incoming.append(
                IncomingImage(
                    identifier: UInt16(identifier + 1),
                    message: messages[below(messages.count)]
                )
            )
        }
        for number in 0..<below(4) {
            image.subscriptions.append(
                SubscriptionImage(
                    filter: utf8("f\(number)/" + text()),
                    shareName: flip() ? utf8(text()) : nil,
                    options: UInt8(below(3)),
                    identifier: UInt32(below(400))
                )
            )
        }
        return image
    }

    private mutating func outgoing(
        _ messages: [MessageNumber],
        _ qos: UInt8,
        _ progress: OutgoingImage.Progress
    ) -> OutgoingImage {
        OutgoingImage(
            message: messages[below(messages.count)],
            qos: qos,
            isRetained: flip(),
            subscriptionIdentifier: UInt32(flip() ? 0 : below(100)),
            progress: progress
        )
    }
}
