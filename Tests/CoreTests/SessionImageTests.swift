// SPDX-License-Identifier: Apache-2.0
// What a listener is told of a session adds up to the session, and an image brings it back.

import Inflight
import MQTT
import Net
import Testing
import Topics

@testable import Core

@Suite("Sessions as plain values")
struct SessionImageTests {
    @Test(
        "After each of many random changes, the listener knows the session, and an image restores it",
        arguments: [UInt64(1), 2, 3, 4, 5, 6]
    )
    func random(seed: UInt64) throws {
        let driven = try DrivenBroker()
        defer { driven.end() }
        let run = SessionRun(worker: driven.workers[0], seed: seed)
        for _ in 0..<1200 {
            run.step()
            run.compare()
            run.restore()
        }
        run.end()
    }

    @Test("What cannot be in an image is left out, and the rest is there")
    func refused() throws {
        let driven = try DrivenBroker()
        defer { driven.end() }
        let worker = driven.workers[0]
        let message = SessionRun.message("m")
        var image = SessionImage(clientIdentifier: "x", expiryInterval: 1)
        func attempt() -> [Session.RestoreError] {
            let session = SessionRun.makeSession(worker, "x")
            defer { worker.end(session) }
            let errors = session.restore(image) { $0 == 1 ? message : nil }
            let count = session.outgoing.window.count + session.incomingCount
            #expect(count == image.outgoing.count + image.incoming.count - errors.count)
            return errors
        }
        #expect(attempt() == [])
        let sent = OutgoingImage(
            message: 1,
            qos: 1,
            isRetained: false,
            subscriptionIdentifier: 0,
            progress: .published(identifier: 5)
        )
        image.outgoing = [sent]
        #expect(attempt() == [])
        image.outgoing = [sent, sent]
        #expect(attempt() == [.identifier(5)])
        image.outgoing = [sent]
        image.outgoing[0].message = 2
        #expect(attempt() == [.messageMissing(2)])
        image.outgoing[0].message = 1
        image.outgoing[0].progress = .published(identifier: 0)
        #expect(attempt() == [.identifier(0)])
        image.outgoing = []
        image.incoming = [IncomingImage(identifier: 3, message: 1)]
        #expect(attempt() == [])
        image.incoming.append(IncomingImage(identifier: 3, message: 1))
        #expect(attempt() == [.identifier(3)])
    }
}
