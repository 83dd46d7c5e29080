// SPDX-License-Identifier: Apache-2.0
// What a reload does to bridges.

import Glibc
import TestSupport
import Testing

@Suite("Bridges and reloads")
struct BridgeReloads {
    /// A broker that answers means that its reload is over.
    private func reload(_ scene: BridgeScene, _ lines: String) throws {
        let mark = scene.broker.logMark
        try scene.reload(lines)
        try scene.broker.waitForLog(containing: "Reload", from: mark)
    }

    @Test(
        "A lazy change disturbs nobody, and counts from the next connection on",
        arguments: reactors
    )
    func lazy(workers: Int) throws {
        let scene = try BridgeScene("topic t in", workers: workers)
        let connection = try scene.open(requests: 1)
        try reload(scene, "topic u in 1\nusername u")
        #expect(scene.remote.next(seconds: 3) == nil)
        connection.send(Wire.publish(.v4, "t", "m", qos: 1, id: 1))
        try connection.expect(Wire.puback(1))
        connection.abort()
        let next = try scene.remote.accept()
        #expect(try TakenConnect(next.readPacket()).userName == "u")
        next.send(BridgeScene.connack(.v4))
        #expect(try next.grant(1) == [BridgeRequest("u", 1)])
    }

    @Test("An immediate change takes leave and comes back", arguments: reactors)
    func immediate(workers: Int) throws {
        let scene = try BridgeScene("topic t in", workers: workers)
        let connection = try scene.open(requests: 1)
        try reload(scene, "topic u out 1\nusername u\nbridge_reload_type immediate")
        try connection.expectClosed(after: Wire.disconnect())
        let next = try scene.remote.accept()
        #expect(try TakenConnect(next.readPacket()).userName == "u")
        next.send(BridgeScene.connack(.v4))
        #expect(try next.grant(1) == [BridgeRequest("u", nil)])
        let client = try scene.client()
        client.publish("t", "none")
        client.publish("u", "m")
        #expect(try next.takePublish().topic == "u")
    }

    @Test(
        "What has not changed stays",
        .enabled(if: isOwn),
        arguments: ["", "\nbridge_reload_type immediate"]
    )
    func unchanged(type: String) throws {
        let scene = try BridgeScene("topic t in", workers: 1)
        let connection = try scene.open(requests: 1)
        try reload(scene, "topic t in\(type)")
        #expect(scene.remote.next(seconds: 3) == nil)
        connection.send(Wire.publish(.v4, "t", "m", qos: 1, id: 1))
        try connection.expect(Wire.puback(1))
    }

    @Test(
        "A bridge that is gone takes leave and does not come back",
        .enabled(if: isOwn),
        arguments: reactors
    )
    func removed(workers: Int) throws {
        let scene = try BridgeScene("topic # out 1", workers: workers)
        let connection = try scene.open(requests: 1)
        let client = try scene.client()
        try scene.broker.rewrite(Broker.plain)
        scene.broker.process.signal(SIGHUP)
        try connection.expectClosed(after: Wire.disconnect())
        #expect(scene.remote.next(seconds: 3) == nil)
        // Nothing is kept for it any more.
        for index in 1...3 { try client.publish1("a", "\(index)", id: index) }
        let mark = scene.broker.logMark
        try scene.reload("topic # out 1")
        try scene.broker.waitForLog(containing: "Reload", from: mark)
        let next = try scene.open(requests: 1)
        client.publish("a", "new")
        #expect(try next.takePublish().payload == "new")
    }

    @Test("A new bridge is made", .enabled(if: isOwn), arguments: reactors)
    func added(workers: Int) throws {
        let remote = try ScriptedRemote()
        let broker = try Broker(workers: workers)
        try broker.rewrite(
            BridgeScene.configuration("topic # both 1", port: remote.port)
        )
        broker.process.signal(SIGHUP)
        let connection = try remote.accept()
        _ = try connection.readPacket()
        connection.send(BridgeScene.connack(.v4))
        _ = try connection.grant(1)
        let client = try RawClient.connected(to: broker)
        client.publish("a", "m")
        #expect(try connection.takePublish().payload == "m")
    }

    @Test(
        "A change of the session's name is another bridge",
        .enabled(if: isOwn),
        arguments: reactors
    )
    func renamed(workers: Int) throws {
        let scene = try BridgeScene("topic t in", workers: workers)
        let connection = try scene.open(requests: 1)
        try scene.reload("topic t in\nlocal_clientid other")
        try connection.expectClosed(after: Wire.disconnect())
        let next = try scene.open(requests: 1)
        next.send(Wire.publish(.v4, "t", "m", qos: 1, id: 1))
        try next.expect(Wire.puback(1))
    }

    @Test("A broken file leaves bridges as they are", .enabled(if: isOwn))
    func broken() throws {
        let scene = try BridgeScene("topic t in", workers: 1)
        let connection = try scene.open(requests: 1)
        try scene.reload("topic t sideways")
        try scene.broker.waitForLog(containing: "The configuration was not reloaded")
        connection.send(Wire.publish(.v4, "t", "m", qos: 1, id: 1))
        try connection.expect(Wire.puback(1))
    }

    @Test(
        "Many reloads in a row end with the last one in force",
        .enabled(if: isOwn),
        arguments: reactors
    )
    func many(workers: Int) throws {
        let scene = try BridgeScene("topic t0 in", workers: workers)
        for index in 1...10 {
            try scene.reload("topic t\(index) in\nbridge_reload_type immediate")
        }
        while true {
            let connection = try scene.remote.accept()
            guard connection.nextPacket(seconds: 2)?.first == 0x10 else { continue }
            connection.send(BridgeScene.connack(.v4))
            guard let requests = try? connection.grant(1) else { continue }
            if requests == [BridgeRequest("t10", 0)] { break }
        }
    }
}
