// SPDX-License-Identifier: Apache-2.0
// When messages become void.

import Persist
import Testing

@testable import Core

@Suite("Expiry of messages")
struct ExpiryTests {
    @Test("No interval, 0 and the largest one never end", arguments: [nil, 0, UInt32.max])
    func never(interval: UInt32?) {
        let end = Expiry.second(after: interval, from: 100)
        #expect(end == Expiry.never)
        #expect(!Expiry.hasPassed(end, at: .max))
        #expect(Expiry.remainingSeconds(end, at: .max) == Expiry.untold)
    }

    @Test("[MQTT-3.3.2-5] [MQTT-3.3.2-6] A message is delivered up to its last second")
    func lastSecond() {
        let end = Expiry.second(after: 10, from: 100)
        #expect(Expiry.remainingSeconds(end, at: 100) == 10)
        #expect(!Expiry.hasPassed(end, at: 110))
        #expect(Expiry.remainingSeconds(end, at: 110) == 0)
        #expect(Expiry.hasPassed(end, at: 111))
        #expect(Expiry.remainingSeconds(end, at: 200) == 0)
    }

    @Test("A message lives as long in the database and in the log as it does in memory")
    func kept() {
        let clock = WallClock(reactor: 50_000, wall: 1_700_000_000_000)
        let end = Expiry.second(after: 10, from: 50)
        let stored = DatabaseMessage(number: 1, expiryTime: clock.storedExpiry(end), qos: 0)
        for passed in 0..<15 as Range<Int64> {
            let isVoid = Expiry.hasPassed(end, at: 50 + passed)
            #expect(isVoid == (passed > 10))
            #expect(stored.isExpired(at: clock.now + passed) == isVoid)
            let restored = clock.messageExpiry(stored.expiryTime)
            #expect(Expiry.hasPassed(restored, at: 50 + passed) == isVoid)
        }
    }

    @Test("Arrays are lent as a publication with all they have")
    func lent() {
        let message = UnsafePublication.with(
            topic: [1],
            properties: [2, 3],
            payload: [4, 5, 6],
            qos: 1,
            expiresAt: 7,
            Message.make
        )
        message.withPublication { publication in
            #expect(Array(publication.topic) == [1])
            #expect(Array(publication.properties) == [2, 3])
            #expect(Array(publication.payload) == [4, 5, 6])
            #expect(publication.qos == 1 && !publication.isRetained && publication.expiresAt == 7)
        }
    }
}
