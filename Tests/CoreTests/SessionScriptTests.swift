// SPDX-License-Identifier: Apache-2.0
// Random courses of events; longer ones are those of scripts/fuzz.sh session.

import Glibc
import Testing

@testable import Core

@Suite("The core in one process")
struct SessionScriptTests {
    @Test("Honest clients lose nothing, whatever others do", arguments: Seeds.all)
    func script(seed: UInt64) throws {
        let script = try SessionScript(Dice(seed: seed))
        let complaints = try script.run(
            steps: getenv("SESSION_STEPS").flatMap { Int(String(cString: $0)) } ?? 400
        )
        #expect(complaints == [], "SESSION_SEED=\(seed)")
    }

    @Test("The session log says what the broker has, whatever happens", arguments: Seeds.all)
    func recorded(seed: UInt64) throws {
        let script = try SessionScript(Dice(seed: seed), isRecorded: true)
        let complaints = try script.run(
            steps: getenv("SESSION_STEPS").flatMap { Int(String(cString: $0)) } ?? 400
        )
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

    @Test("A login that plugins decide about late waits, and is let in")
    func lateLogin() throws {
        let hooks = LateHooks(.basicAuthentication, Dice(seed: 1))
        let driven = try DrivenBroker(hooks: hooks)
        let client = try driven.connect()
        client.send(Wire.connect("honest"))
        driven.settle()
        client.read()
        #expect(client.received == [])
        #expect(hooks.waitingCount == 1)
        hooks.answer(1, through: driven.broker)
        driven.settle()
        client.read()
        #expect(client.received == [0x20, 2, 0, 0])
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

/// The seeds of the runs; `SESSION_SEED` repeats one.
private enum Seeds {
    static let all: [UInt64] = {
        guard let seed = getenv("SESSION_SEED").flatMap({ UInt64(String(cString: $0)) }) else {
            return Array(1003..<1033)
        }
        return [seed]
    }()
}
