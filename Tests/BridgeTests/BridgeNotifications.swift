// SPDX-License-Identifier: Apache-2.0
// How a bridge tells on both sides that it is connected, or is not.

import Glibc
import TestSupport
import Testing

private let state = "$SYS/broker/connection/r/state"

@Suite("Notifications of bridges")
struct BridgeNotifications {
    @Test(
        "The state is 0, 1 when connected and 0 when lost, retained on both sides",
        arguments: reactors
    )
    func states(workers: Int) throws {
        let scene = try BridgeScene("topic t in", notifies: true, workers: workers)
        let watcher = try scene.client()
        try watcher.subscribe(state, 1)
        #expect(try watcher.takePublish().summary == "\(state) 0 1 retain")
        let connection = try scene.open(requests: 0)
        // The remote hears of it before anything else.
        #expect(try connection.takePublish().summary == "\(state) 1 1 retain")
        _ = try connection.grant(1)
        #expect(try watcher.takePublish().summary == "\(state) 1 1")
        let later = try scene.client()
        try later.subscribe(state, 1)
        #expect(try later.takePublish().summary == "\(state) 1 1 retain")
        connection.abort()
        #expect(try watcher.takePublish().summary == "\(state) 0 1")
        #expect(try later.takePublish().summary == "\(state) 0 1")
        let next = try scene.open(requests: 0)
        #expect(try next.takePublish().summary == "\(state) 1 1 retain")
        #expect(try watcher.takePublish().summary == "\(state) 1 1")
    }

    @Test("A topic of its own takes the place of the usual one")
    func topic() throws {
        let scene = try BridgeScene(
            "topic t in\nnotification_topic n/s",
            notifies: true,
            workers: 1
        )
        let watcher = try scene.client()
        try watcher.subscribe("n/s", 1)
        #expect(try watcher.takePublish().summary == "n/s 0 1 retain")
        let connection = try scene.open(requests: 0)
        #expect(try connection.takePublish().summary == "n/s 1 1 retain")
        #expect(try watcher.takePublish().summary == "n/s 1 1")
    }

    @Test("The remote hears nothing if it is not to", arguments: reactors)
    func localOnly(workers: Int) throws {
        let scene = try BridgeScene(
            "topic t in\nnotifications_local_only true",
            notifies: true,
            workers: workers
        )
        let watcher = try scene.client()
        try watcher.subscribe(state, 1)
        #expect(try watcher.takePublish().summary == "\(state) 0 1 retain")
        let connection = try scene.open(requests: 1)
        #expect(try watcher.takePublish().summary == "\(state) 1 1")
        #expect(connection.nextPacket(seconds: 0.05) == nil)
        connection.shutdownWriting()
        #expect(try watcher.takePublish().summary == "\(state) 0 1")
    }

    @Test("Nobody hears anything without notifications")
    func none() throws {
        let scene = try BridgeScene("topic t in", workers: 1)
        let watcher = try scene.client()
        try watcher.subscribe("$SYS/broker/connection/#", 1)
        let connection = try scene.open(requests: 1)
        connection.abort()
        let next = try scene.open(requests: 1)
        try watcher.expectSilence()
        #expect(next.nextPacket(seconds: 0.05) == nil)
    }

    @Test("A refusal leaves the state at 0")
    func refused() throws {
        let scene = try BridgeScene("topic t in", notifies: true, workers: 1)
        let watcher = try scene.client()
        try watcher.subscribe(state, 1)
        #expect(try watcher.takePublish().summary == "\(state) 0 1 retain")
        let first = try scene.remote.accept()
        _ = try first.readPacket()
        first.send("20 02 00 05")
        let connection = try scene.open(requests: 0)
        #expect(try connection.takePublish().payload == "1")
        var taken = try watcher.takePublish()
        // Whether it is told again that nothing has changed is left open.
        if taken.payload == "0" { taken = try watcher.takePublish() }
        #expect(taken.payload == "1")
    }

    @Test(
        "A broker that ends leaves without DISCONNECT, so that the remote tells of it",
        arguments: reactors
    )
    func shutdown(workers: Int) throws {
        let scene = try BridgeScene("topic t in", notifies: true, workers: workers)
        let connection = try scene.open(requests: 0)
        connection.send(Wire.puback(try connection.takePublish().id))
        _ = try connection.grant(1)
        try scene.broker.stop()
        try connection.expectClosed()
    }

    @Test("Two brokers hear of each other's end", arguments: reactors)
    func twoBrokers(workers: Int) throws {
        let far = try Broker(workers: workers)
        let near = try Broker(
            Broker.plain + """
                connection b
                address 127.0.0.1:\(far.port)
                remote_clientid r
                restart_timeout 1
                topic # both 1

                """,
            workers: workers
        )
        let watcher = try RawClient(far)
        watcher.send(Wire.connect("w"))
        _ = try watcher.readPacket()
        try watcher.subscribe(state, 1)
        var taken = try watcher.takePublish()
        watcher.send(Wire.puback(taken.id))
        #expect(taken.summary.hasPrefix("\(state) 1 1"))
        near.process.signal(SIGKILL)
        taken = try watcher.takePublish()
        #expect(taken.summary == "\(state) 0 1")
    }
}
