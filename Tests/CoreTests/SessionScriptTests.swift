// SPDX-License-Identifier: Apache-2.0
// Random courses of events; longer ones are those of scripts/fuzz.sh session.

import Glibc
import Testing

@testable import Core

@Suite("The core in one process")
struct SessionScriptTests {
    @Test("Honest clients lose nothing, whatever others do", arguments: 0..<40)
    func script(number: UInt64) throws {
        let seed = SeedFromEnvironment.value ?? (1000 + number)
        let script = try SessionScript(Dice(seed: seed))
        let complaints = try script.run(steps: 400)
        #expect(complaints == [], "SESSION_SEED=\(seed)")
    }

    @Test("A publication goes from one client to another, with nobody but us making turns")
    func oneMessage() throws {
        let driven = try DrivenBroker(workers: 2)
        let sender = try driven.connect(to: 0)
        let taker = try driven.connect(to: 1)
        taker.send(Wire.connect("taker") + Wire.subscribe(["a/+"], qos: 1))
        sender.send(Wire.connect("sender"))
        driven.settle()
        sender.send(Wire.publish("a/b", [1, 2, 3], qos: 1, identifier: 7))
        driven.settle()
        sender.read()
        taker.read()
        #expect(sender.received == [0x20, 2, 0, 0, 0x40, 2, 0, 7])
        #expect(
            taker.received
                == [0x20, 2, 0, 0, 0x90, 3, 0, 1, 1]
                + Wire.publish("a/b", [1, 2, 3], qos: 1, identifier: 1)
        )
        driven.end()
    }

    @Test("Keep alive ends a connection when the clock has been put forward")
    func keepAlive() throws {
        let driven = try DrivenBroker()
        let client = try driven.connect()
        client.send(Wire.connect("quiet", keepAlive: 10))
        driven.settle()
        driven.advance(seconds: 14)
        driven.settle()
        client.read()
        #expect(!client.isClosed)
        driven.advance(seconds: 3)
        driven.settle()
        client.read()
        #expect(client.isClosed)
        driven.end()
    }
}

/// The seed of a run that is to be repeated, from `SESSION_SEED`.
private enum SeedFromEnvironment {
    static let value = getenv("SESSION_SEED").flatMap { UInt64(String(cString: $0)) }
}
