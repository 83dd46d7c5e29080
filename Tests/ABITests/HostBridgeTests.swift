// SPDX-License-Identifier: Apache-2.0
// What plugins are told of bridges, and what they are not asked.

import Glibc
import TestSupport
import Testing

@Suite(.inBrokerOnly("plugins that ask for persistence are refused there")) struct HostBridgeTests {
    /// A broker with the recorder and a bridge to a remote that the test plays.
    private static func start(_ remote: ScriptedRemote, _ lines: String) throws -> Broker {
        let plugin = try #require(HostPlugin.recorders[5]).get()
        return try Broker(
            """
            listener %PORT% 127.0.0.1
            log_type all
            plugin \(plugin.path)
            connection b
            address 127.0.0.1:\(remote.port)
            remote_clientid r
            local_username bridge
            restart_timeout 1
            notifications false
            topic # both 2
            \(lines)

            """,
            workers: 1
        )
    }

    /// Accepts the bridge and grants its subscription.
    private static func open(_ remote: ScriptedRemote) throws -> RawClient {
        let connection = try remote.accept()
        _ = try connection.readPacket()
        connection.send([0x20, 2, 0, 0])
        let subscribe = try connection.readPacket()
        connection.send([0x90, 3, subscribe[2], subscribe[3], 2])
        return connection
    }

    private static func records(_ broker: Broker) -> [String] {
        broker.records.filter { $0.contains("client=local.r") }
    }

    @Test("A bridge's messages are shown in both directions, and nothing of it is asked about")
    func messages() throws {
        let remote = try ScriptedRemote()
        let broker = try Self.start(remote, "")
        let connection = try Self.open(remote)
        connection.send(Wire.publish(.v4, "in/a", "m", qos: 1, id: 1))
        try connection.expect(Wire.puback(1), seconds: 10)
        connection.send(Wire.publish(.v4, "in/b", "n", qos: 2, id: 2))
        try connection.expect(Wire.pubrec(2), seconds: 10)
        connection.send(Wire.pubrel(2))
        try connection.expect(Wire.pubcomp(2), seconds: 10)
        let client = try RawClient(broker)
        client.send(Wire.connect("c", username: "user", password: "secret"))
        _ = try client.readPacket()
        try client.publish1("out/a", "o", id: 3)
        let packet = try connection.readPacket(seconds: 10)
        #expect(packet.starts(with: [0x32]))
        let mark = broker.logMark
        connection.abort()
        try broker.waitForLog(containing: "client=local.r reason=", from: mark)
        #expect(
            Self.records(broker).map(Self.withoutReason) == [
                "message-in client=local.r topic=in/a payload=m len=1 end=0 qos=1 retain=0",
                "message-in client=local.r topic=in/b payload=n len=1 end=0 qos=2 retain=0",
                "message-out client=local.r topic=out/a payload=o len=1 end=0 qos=1 retain=0",
                "offline client=local.r",
            ]
        )
    }

    @Test("The local user name is what plugins see")
    func userName() throws {
        let remote = try ScriptedRemote()
        let broker = try Self.start(remote, "")
        let connection = try Self.open(remote)
        connection.send(Wire.publish(.v4, "who", "m", qos: 1, id: 1))
        try connection.expect(Wire.puback(1), seconds: 10)
        try broker.waitForLog(containing: "who client=local.r user=bridge")
    }

    @Test(
        "What waits for a remote that was never there outlives kill -9 in a plugin",
        arguments: Lane.allCases,
        Broker.reactorCounts
    )
    func kept(lane: Lane, workers: Int) throws {
        func bridge(_ port: Int) -> String {
            """
            connection b
            address 127.0.0.1:\(port)
            remote_clientid r
            restart_timeout 1
            notifications false
            topic out/# out 2
            """
        }
        let kept = try KeptBroker(lane, workers: workers, bridge(try Broker.freePort()))
        try kept.broker.waitForLog(containing: "Error creating bridge")
        let client = try RawClient.connected(to: kept.broker)
        try client.publish1("out/a", "kept", id: 1)
        let remote = try ScriptedRemote()
        try kept.killed(bridge(remote.port))
        let connection = try remote.accept()
        _ = try connection.readPacket()
        connection.send([0x20, 2, 0, 0])
        let unsubscribe = try connection.readPacket()
        connection.send([0xB0, 2, unsubscribe[2], unsubscribe[3]])
        let packet = try connection.readPacket(seconds: 10)
        #expect(packet.starts(with: [0x32]), "\(packet)")
        #expect(String(decoding: packet, as: UTF8.self).contains("out/a"))
    }

    @Test("A bridge whose session ends with the connection is disconnected, not offline")
    func clean() throws {
        let remote = try ScriptedRemote()
        let broker = try Self.start(remote, "cleansession true")
        let connection = try Self.open(remote)
        connection.abort()
        try broker.waitForLog(containing: "disconnect client=local.r reason=")
    }

    private static func withoutReason(_ record: String) -> String {
        guard let range = record.firstRange(of: " reason=") else { return record }
        return String(record[..<range.lowerBound])
    }
}
