// SPDX-License-Identifier: Apache-2.0
// What a bridge says in CONNECT, and what becomes of the answer.

import Foundation
import TestSupport
import Testing

@Suite("Bridges connecting")
struct BridgeConnecting {
    @Test("CONNECT says what is configured, byte by byte", arguments: Introduction.all)
    func connect(introduction: Introduction) throws {
        let scene = try BridgeScene(
            "topic t\n\(introduction.lines)",
            notifies: introduction.notifies,
            workers: 1
        )
        let connection = try scene.remote.accept()
        try connection.expect(introduction.bytes)
    }

    @Test("A bridge without identifier is called after the machine and itself")
    func identifier() throws {
        let remote = try ScriptedRemote()
        let broker = try Broker(
            Broker.plain + "connection b\naddress 127.0.0.1:\(remote.port)\ntopic t\n",
            workers: 1
        )
        let connect = try TakenConnect(remote.accept().readPacket())
        #expect(connect.identifier == ProcessInfo.processInfo.hostName + ".b")
        #expect(connect.will == "$SYS/broker/connection/\(connect.identifier)/state 0 1 retain")
        try broker.stop()
    }

    @Test("A password may come without a user name in 5.0", .enabled(if: isOwn))
    func passwordAlone() throws {
        let scene = try BridgeScene(
            "topic t\nbridge_protocol_version mqttv50\nremote_password p",
            workers: 1
        )
        let connection = try scene.remote.accept()
        let connect = try TakenConnect(connection.readPacket())
        #expect(connect.userName == nil && connect.password == "p")
        // Before 5.0 there is no such thing.
        connection.send("20 02 00 01")
        let again = try TakenConnect(scene.remote.accept().readPacket())
        #expect(again.level == 0x84 && again.userName == nil && again.password == nil)
    }

    @Test("A remote that knows no bridges is not told of one again", arguments: reactors)
    func unmarked(workers: Int) throws {
        let scene = try BridgeScene("topic t in", workers: workers)
        let first = try scene.remote.accept()
        #expect(try TakenConnect(first.readPacket()).level == 0x84)
        first.send("20 02 00 01")
        for _ in 0..<2 {
            let next = try scene.remote.accept()
            #expect(try TakenConnect(next.readPacket()).level == 4)
            next.send(BridgeScene.connack(.v4))
            _ = try next.grant(1)
        }
    }

    @Test(
        "A remote that knows no 5.0 is spoken to in 3.1.1 from then on",
        arguments: [("20 02 00 01", false), ("20 03 00 84 00", true)]
    )
    func fallback(answer: (String, onlyOwn: Bool)) throws {
        if answer.onlyOwn, !isOwn { return }
        let scene = try BridgeScene("topic t in\nbridge_protocol_version mqttv50", workers: 1)
        let first = try scene.remote.accept()
        #expect(try TakenConnect(first.readPacket()).level == 5)
        first.send(answer.0)
        try scene.broker.waitForLog(
            exactly:
                "Warning: Remote bridge b does not support MQTT v5.0, reconnecting using MQTT v3.1.1."
        )
        for _ in 0..<2 {
            let next = try scene.remote.accept()
            #expect(try TakenConnect(next.readPacket()).level == 0x84)
            next.send(BridgeScene.connack(.v4))
            _ = try next.grant(1)
        }
    }

    @Test(
        "A refusal is an error in words, and the bridge tries again",
        arguments: [
            (Version.v4, UInt8(2), "identifier rejected"), (.v4, 3, "broker unavailable"),
            (.v4, 4, "bad user name or password"), (.v4, 5, "not authorised"),
            (.v5, 0x87, "Not authorized"), (.v5, 0x88, "Server unavailable"),
            (.v5, 0x97, "Quota exceeded"),
        ]
    )
    func refused(version: Version, code: UInt8, words: String) throws {
        let scene = try BridgeScene(
            "topic t in\n" + (version == .v5 ? "bridge_protocol_version mqttv50" : ""),
            workers: 1
        )
        let first = try scene.remote.accept()
        _ = try first.readPacket()
        first.send(version == .v5 ? [0x20, 3, 0, code, 0] : [0x20, 2, 0, code])
        let line = try scene.broker.waitForLog(containing: "Connection Refused")
        #expect(line.lowercased().contains(words.lowercased()))
        try first.expectClosed()
        _ = try scene.open(version, requests: 1)
    }

    @Test("A remote without retained messages is told its state without retaining it")
    func retainRefused() throws {
        let scene = try BridgeScene(
            "topic t in\nbridge_protocol_version mqttv50",
            notifies: true,
            workers: 1
        )
        let first = try scene.remote.accept()
        #expect(try TakenConnect(first.readPacket()).will?.hasSuffix(" 0 1 retain") == true)
        first.send("20 03 00 9A 00")
        try scene.broker.waitForLog(containing: "retain not available (will retry)")
        let next = try scene.remote.accept()
        next.speak(.v5)
        #expect(try TakenConnect(next.readPacket()).will?.hasSuffix(" 0 1") == true)
        next.send(BridgeScene.connack(.v5))
        #expect(try next.takePublish().summary.hasSuffix("/state 1 1"))
    }

    @Test("A remote of a lower QoS is given less, twice if need be")
    func qosRefused() throws {
        let scene = try BridgeScene(
            "topic t in 2\nbridge_protocol_version mqttv50",
            notifies: true,
            workers: 1
        )
        for qos in [1, 1] {
            let connection = try scene.remote.accept()
            #expect(
                try TakenConnect(connection.readPacket()).will?.hasSuffix(" \(qos) retain") == true
            )
            connection.send("20 03 00 9B 00")
            try connection.expectClosed()
        }
        try scene.broker.waitForLog(containing: "QoS not supported (will retry)")
        let last = try scene.remote.accept()
        last.speak(.v5)
        #expect(try TakenConnect(last.readPacket()).will?.hasSuffix(" 0 retain") == true)
        last.send(BridgeScene.connack(.v5))
        #expect(try last.takePublish().qos == 0)
        #expect(try last.grant(1).map { ($0.options ?? 0) & 3 } == [0])
    }

    @Test(
        "Whoever answers CONNECT with anything else is left, and tried again",
        arguments: [
            "30 05 0001 74 3031", "90 03 0001 00", "D0 00", "20 02 00 06", "20 00", "20 01 00",
            "20 02 02 00", "48545450", "F0 00", "20 FF FF FF FF 7F",
        ]
    )
    func nonsense(answer: String) throws {
        let scene = try BridgeScene("topic t in", workers: 1)
        let first = try scene.remote.accept()
        _ = try first.readPacket()
        first.send(answer)
        try first.expectClosed()
        _ = try scene.open(requests: 1)
    }

    @Test("CONNACK may come byte by byte, with what follows it right behind it")
    func pieces() throws {
        let scene = try BridgeScene("topic t in", workers: 1)
        let client = try scene.client()
        try client.subscribe("t")
        let connection = try scene.remote.accept()
        _ = try connection.readPacket()
        for byte in BridgeScene.connack(.v4) + Wire.publish(.v4, "t", "m") {
            connection.send([byte])
        }
        _ = try connection.grant(1)
        try client.expectPublish("t", "m")
    }

    @Test("A remote that never answers is left within the keep alive")
    func silent() throws {
        let scene = try BridgeScene("topic t in\nkeepalive_interval 5", workers: 1)
        let first = try scene.remote.accept()
        _ = try first.readPacket()
        try first.expectClosed(seconds: 13)
        _ = try scene.open(requests: 1)
    }

    @Test(
        "A remote that says nothing is asked, and left when it does not answer",
        arguments: reactors
    )
    func keepAlive(workers: Int) throws {
        let scene = try BridgeScene("topic t in\nkeepalive_interval 5", workers: workers)
        let connection = try scene.open(requests: 1)
        try connection.expect(Wire.pingreq, seconds: 8)
        connection.send(Wire.pingresp)
        try connection.expect(Wire.pingreq, seconds: 8)
        try connection.expectClosed(seconds: 8)
        _ = try scene.open(requests: 1)
    }

    @Test("The keep alive that the remote says counts", .enabled(if: isOwn))
    func serverKeepAlive() throws {
        let scene = try BridgeScene("topic t in\nbridge_protocol_version mqttv50", workers: 1)
        let connection = try scene.open(
            .v5,
            requests: 1,
            properties: Property.serverKeepAlive(1)
        )
        try connection.expect(Wire.pingreq, seconds: 4)
    }

    @Test(
        "A DISCONNECT of the remote ends the connection, with its reason in the log",
        .enabled(if: isOwn)
    )
    func disconnected() throws {
        let scene = try BridgeScene("topic t in\nbridge_protocol_version mqttv50", workers: 1)
        let connection = try scene.open(.v5, requests: 1)
        connection.send(Wire.disconnect(0x8B))
        try connection.expectClosed()
        try scene.broker.waitForLog(containing: "Server shutting down")
        _ = try scene.open(.v5, requests: 1)
    }

    @Test(
        "Packets that only a client sends end the connection",
        arguments: ["10 00", "82 05 0001 0001 74 00", "C0 00"]
    )
    func clientPackets(packet: String) throws {
        let scene = try BridgeScene("topic t in", workers: 1)
        let connection = try scene.open(requests: 1)
        connection.send(packet)
        // The original answers PINGREQ and takes the others as errors too.
        if packet != "C0 00" || isOwn { try connection.expectClosed() }
    }
}
