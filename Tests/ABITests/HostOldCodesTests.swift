// SPDX-License-Identifier: Apache-2.0
// Results of plugins of interface versions 2 to 4 that mean something else there than in version 5.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite(.serialized) struct HostOldCodesTests {
    private static func start(_ version: Int, _ options: String = "") throws -> Broker {
        let plugin = try #require(HostPlugin.oldCodes[version]).get()
        return try Broker(
            HostThreadTests.listener + "plugin \(plugin.path)\n" + options,
            workers: 1
        )
    }

    @Test(
        "[MQTT-3.1.3-5] An empty password is none to plugins: NULL, in every version",
        arguments: 2...5
    )
    func emptyPassword(version: Int) throws {
        let plugin = version == 5 ? HostPlugin.recorders[5] : HostPlugin.oldCodes[version]
        let broker = try Broker(
            HostThreadTests.listener + "plugin \(try #require(plugin).get().path)\n",
            workers: 1
        )
        let record = version == 5 ? "basic-auth client=c user=0 password=" : "login 0 "
        for (password, shown) in [("", "NULL"), ("\0back door", "NULL"), ("x\0y", "x")] {
            for protocolVersion in [Version.v4, .v5] {
                let mark = broker.logMark
                let client = try RawClient.connected(
                    to: broker,
                    "c",
                    protocolVersion,
                    username: "0",
                    password: password
                )
                let line = try broker.waitForLog(containing: "REC \(record)", from: mark)
                #expect(line.hasPrefix("REC \(record)\(shown)"))
                try client.disconnect()
            }
        }
        try broker.stop()
    }

    @Test(
        "Versions that cannot answer late have no late answer: -5 closes at once, the name is free",
        arguments: 2...4
    )
    func delayed(version: Int) throws {
        let broker = try Self.start(version)
        for protocolVersion in [Version.v4, .v5] {
            let client = try RawClient(broker)
            client.send(Wire.connect("c", protocolVersion, username: "-5"))
            try client.expectClosed()
            let next = try RawClient.connected(to: broker, "c", protocolVersion, username: "0")
            try next.disconnect()
        }
        try broker.stop()
    }

    @Test(
        "A check of access that returns -5 or -6 is no denial: the client is closed",
        arguments: 2...4,
        [-5, -6]
    )
    func access(version: Int, code: Int) throws {
        let broker = try Self.start(version)
        for protocolVersion in [Version.v4, .v5] {
            let client = try RawClient.connected(to: broker, "c", protocolVersion)
            client.send(Wire.publish(protocolVersion, "code/\(code)", "x", qos: 1, id: 1))
            try client.expectClosed()
            let denied = try RawClient.connected(to: broker, "d", protocolVersion)
            denied.send(Wire.publish(protocolVersion, "code/12", "x", qos: 1, id: 1))
            try denied.expect(Wire.puback(1, protocolVersion == .v5 ? 0x87 : 0))
        }
        try broker.stop()
    }

    private static func properties(_ data: String) -> Bytes {
        [21] + Wire.string("M") + [22] + Wire.string(data)
    }

    private static func auth(_ reason: UInt8, _ data: String) -> Bytes {
        Wire.packet(0xF0, [reason] + Wire.properties(properties(data)))
    }

    @Test("[MQTT-4.12.0-2] Version 4 learns that a client authenticates again")
    func authenticatingAgain() throws {
        let broker = try Self.start(4)
        let client = try RawClient(broker)
        client.send(Wire.connect("c", .v5, properties: Self.properties("0")))
        #expect(try client.readPacket().starts(with: [0x20]))
        for _ in 0..<2 {
            client.send(Self.auth(0x19, "-4"))
            #expect(try client.readPacket().starts(with: [0xF0]))
            client.send(Self.auth(0x18, "0"))
            #expect(try client.readPacket().starts(with: [0xF0]))
        }
        try client.disconnect()
        let other = try RawClient(broker)
        other.send(Wire.connect("c", .v5, properties: Self.properties("0")))
        #expect(try other.readPacket().starts(with: [0x20]))
        try broker.stop()
        #expect(
            broker.records == [
                "start M reauth=0", "start M reauth=1", "continue", "start M reauth=1", "continue",
                "start M reauth=0",
            ]
        )
    }

    @Test(
        "An exchange of version 4 that returns -5 ends at once",
        arguments: ["start", "continue"]
    )
    func delayedExchange(step: String) throws {
        let broker = try Self.start(4)
        let client = try RawClient(broker)
        client.send(
            Wire.connect("c", .v5, properties: Self.properties(step == "start" ? "-5" : "-4"))
        )
        if step == "continue" {
            #expect(try client.readPacket().starts(with: [0xF0]))
            client.send(Self.auth(0x18, "-5"))
        }
        try client.expectClosed(after: Wire.packet(0x20, [0, 0x80, 0]))
        try broker.stop()
    }
}
