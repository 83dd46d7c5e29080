// SPDX-License-Identifier: Apache-2.0
// When bridges connect, and to which address.

import Foundation
import TestSupport
import Testing

@Suite("Bridges connecting again")
struct BridgeReconnecting {
    @Test("The wait is the one configured", arguments: reactors)
    func constant(workers: Int) throws {
        let scene = try BridgeScene("topic t in", restart: "3", workers: workers)
        let connection = try scene.open(requests: 1)
        let start = Date()
        connection.abort()
        _ = try scene.open(requests: 1)
        let elapsed = -start.timeIntervalSinceNow
        #expect(elapsed > 1.9 && elapsed < 6)
    }

    @Test(
        "Waits grow at random between their bounds, and begin anew after a good connection",
        .enabled(if: isOwn)
    )
    func jitter() throws {
        let scene = try BridgeScene("topic t in", restart: "1 2", workers: 1)
        let mark = scene.broker.logMark
        for _ in 0..<3 { _ = try scene.remote.accept() }
        let line = try scene.broker.waitForLog(
            containing: "Bridge b next backoff will be ",
            from: mark
        )
        let wait = Int(line.split(separator: " ")[6]) ?? 0
        #expect((1000...2000).contains(wait))
        let connection = try scene.open(requests: 1)
        let later = scene.broker.logMark
        connection.abort()
        try scene.broker.waitForLog(
            exactly: "Bridge b connection was stable enough, resetting backoff",
            from: later
        )
        try scene.broker.waitForLog(exactly: "Bridge b next backoff will be 1000 ms", from: later)
    }

    @Test("A connection that was too short resets nothing", .enabled(if: isOwn))
    func unstable() throws {
        let scene = try BridgeScene("topic t in", restart: "1 2 60", workers: 1)
        let connection = try scene.open(requests: 1)
        connection.abort()
        try scene.broker.waitForLog(containing: "next backoff will be ")
        _ = try scene.open(requests: 1)
        #expect(!scene.broker.process.errors.text.contains("stable enough"))
    }

    @Test("A remote that is not there yet is found when it is", arguments: reactors)
    func later(workers: Int) throws {
        let remote = try ScriptedRemote()
        remote.stop()
        let broker = try Broker(
            Broker.plain + """
                connection b
                address 127.0.0.1:\(remote.port)
                restart_timeout 1
                topic t

                """,
            workers: workers
        )
        let client = try RawClient.connected(to: broker)
        try client.expectSilence()
        try broker.waitForLog(containing: "Connecting bridge")
        try remote.restart()
        _ = try remote.accept().readPacket()
    }

    @Test("A name that nobody knows is a warning, and tried again")
    func unknownName() throws {
        let broker = try Broker(
            Broker.plain + """
                connection b
                address unknown.invalid:1
                restart_timeout 1
                topic t

                """,
            workers: 1
        )
        try broker.waitForLog(containing: "unknown.invalid")
        let client = try RawClient.connected(to: broker)
        try client.expectSilence()
        try broker.stop()
    }

    @Test("Who connects once does not come back")
    func once() throws {
        let scene = try BridgeScene("topic t in\nstart_type once", workers: 1)
        let connection = try scene.open(requests: 1)
        connection.abort()
        #expect(scene.remote.next(seconds: 3) == nil)
        let client = try scene.client()
        try client.expectSilence()
    }

    @Test("Who connects once and finds nobody does not come back either", .enabled(if: isOwn))
    func onceInVain() throws {
        let remote = try ScriptedRemote()
        remote.stop()
        let broker = try Broker(
            BridgeScene.configuration("topic t in\nstart_type once", port: remote.port),
            workers: 1
        )
        try broker.waitForLog(containing: "Error creating bridge: ")
        try remote.restart()
        #expect(remote.next(seconds: 3) == nil)
    }

    @Test("A lazy bridge connects at the start, and again when enough waits", arguments: reactors)
    func lazy(workers: Int) throws {
        let scene = try BridgeScene(
            "topic # out 1\nstart_type lazy\nthreshold 3",
            workers: workers
        )
        let connection = try scene.open(requests: 1)
        let client = try scene.client()
        connection.abort()
        try client.publish1("a", "1", id: 1)
        try client.publish1("a", "2", id: 2)
        #expect(scene.remote.next(seconds: 3) == nil)
        try client.publish1("a", "3", id: 3)
        let next = try scene.open(requests: 1)
        for payload in ["1", "2", "3"] {
            let taken = try next.takePublish()
            #expect(taken.payload == payload)
            next.send(Wire.puback(taken.id))
        }
    }

    @Test(
        "A lazy bridge leaves when there is nothing to do",
        .enabled(if: isOwn),
        arguments: reactors
    )
    func idle(workers: Int) throws {
        let scene = try BridgeScene(
            "topic # out 1\nstart_type lazy\nthreshold 1\nidle_timeout 2",
            workers: workers
        )
        let client = try scene.client()
        let connection = try scene.open(requests: 1)
        // Messages keep it.
        for index in 1...3 {
            try client.publish1("a", "\(index)", id: index)
            connection.send(Wire.puback(try connection.takePublish().id))
            _ = scene.remote.next(seconds: 1)
        }
        let last = connection.nextPacket(seconds: 6)
        #expect(last == nil || last == Wire.disconnect())
        try connection.expectClosed()
        try client.publish1("a", "again", id: 9)
        let next = try scene.open(requests: 1)
        #expect(try next.takePublish().payload == "again")
    }
}
