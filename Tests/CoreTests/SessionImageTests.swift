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
            try run.restore()
        }
        run.end()
    }

    @Test("An image that cannot be is refused")
    func refused() throws {
        let driven = try DrivenBroker()
        defer { driven.end() }
        let worker = driven.workers[0]
        let message = SessionRun.message("m")
        var image = SessionImage(clientIdentifier: "x", expiryInterval: 1)
        func attempt() -> Session.RestoreError? {
            let session = SessionRun.makeSession(worker, "x")
            defer { worker.end(session) }
            do throws(Session.RestoreError) {
                try session.restore(image) { $0 == 1 ? message : nil }
                return nil
            } catch {
                return error
            }
        }
        #expect(attempt() == nil)
        let sent = OutgoingImage(
            message: 1,
            qos: 1,
            isRetained: false,
            subscriptionIdentifier: 0,
            progress: .published(identifier: 5)
        )
        image.outgoing = [sent]
        #expect(attempt() == nil)
        image.outgoing = [sent, sent]
        #expect(attempt() == .identifier(5))
        image.outgoing = [sent]
        image.outgoing[0].message = 2
        #expect(attempt() == .messageMissing(2))
        image.outgoing[0].message = 1
        image.outgoing[0].progress = .published(identifier: 0)
        #expect(attempt() == .identifier(0))
        image.outgoing = []
        image.incoming = [IncomingImage(identifier: 3, message: 1)]
        #expect(attempt() == nil)
        image.incoming.append(IncomingImage(identifier: 3, message: 1))
        #expect(attempt() == .identifier(3))
    }
}
