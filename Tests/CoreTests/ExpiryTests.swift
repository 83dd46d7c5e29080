// SPDX-License-Identifier: Apache-2.0
// When messages become void.

import Testing

@testable import Core

@Suite("Expiry of messages")
struct ExpiryTests {
    @Test("No interval, 0 and the largest one never end", arguments: [nil, 0, UInt32.max])
    func never(interval: UInt32?) {
        let end = Expiry.second(after: interval, from: 100)
        #expect(end == Expiry.never)
        #expect(!Expiry.hasPassed(end, at: .max))
        #expect(Expiry.remainingSeconds(end, at: .max) == 0)
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
