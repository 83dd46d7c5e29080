// SPDX-License-Identifier: Apache-2.0
// Bridges with several addresses, and other ways than TCP.

import Foundation
import TestSupport
import Testing

/// A broker with a bridge to several remotes.
private struct Choice {
    let remotes: [ScriptedRemote]
    let broker: Broker

    init(_ count: Int, roundRobin: Bool, workers: Int, absent: Set<Int> = []) throws {
        let remotes = try (0..<count).map { _ in try ScriptedRemote() }
        for index in absent { remotes[index].stop() }
        self.remotes = remotes
        broker = try Broker(
            Broker.plain + """
                connection b
                addresses \(remotes.map { "127.0.0.1:\($0.port)" }.joined(separator: " "))
                restart_timeout 1
                round_robin \(roundRobin)
                notifications false
                topic t in

                """,
            workers: workers
        )
    }

    /// A connection to one of them that has been accepted.
    func open(_ index: Int, line: UInt = #line) throws -> RawClient {
        // Who only looks whether somebody is there says nothing.
        for _ in 0..<10 {
            let connection = try remotes[index].accept(line: line)
            guard let connect = connection.nextPacket(seconds: 1) else { continue }
            guard connect.first == 0x10 else { throw Mismatch("no CONNECT", line: line) }
            connection.send(BridgeScene.connack(.v4))
            _ = try connection.grant(1)
            return connection
        }
        throw Mismatch("nobody connects", line: line)
    }
}

@Suite("Addresses of bridges")
struct BridgeAddresses {
    @Test("After each end it is the next address", arguments: reactors)
    func roundRobin(workers: Int) throws {
        let choice = try Choice(3, roundRobin: true, workers: workers)
        for index in [0, 1, 2, 0] { try choice.open(index).abort() }
    }

    @Test("Who is not there is passed over")
    func absent() throws {
        let choice = try Choice(3, roundRobin: true, workers: 1, absent: [0, 1])
        _ = try choice.open(2)
    }

    @Test("With round robin the bridge stays where it is")
    func stays() throws {
        let choice = try Choice(2, roundRobin: true, workers: 1, absent: [0])
        let connection = try choice.open(1)
        try choice.remotes[0].restart()
        #expect(choice.remotes[0].next(seconds: 7) == nil)
        connection.send(Wire.publish(.v4, "t", "m", qos: 1, id: 1))
        try connection.expect(Wire.puback(1))
    }

    @Test(
        "Without it the first address is preferred as soon as somebody is there",
        .enabled(if: isOwn),
        arguments: reactors
    )
    func primary(workers: Int) throws {
        let choice = try Choice(2, roundRobin: false, workers: workers, absent: [0])
        let connection = try choice.open(1)
        // For as long as nobody is there the bridge stays.
        #expect(choice.remotes[1].next(seconds: 6) == nil)
        try choice.remotes[0].restart()
        _ = try choice.open(0)
        while connection.nextPacket(seconds: 5) != nil {}
        #expect(connection.isClosed)
    }

    @Test("A bridge may connect through a Unix socket", .enabled(if: isOwn), arguments: reactors)
    func unix(workers: Int) throws {
        let far = try Broker(
            Broker.plain + "listener 0 %DIR%/far.sock\nallow_anonymous true\n",
            workers: workers
        )
        try Self.check(far, address: "unix:\(far.directory)/far.sock", workers: workers)
    }

    @Test("A bridge may connect through a WebSocket", .enabled(if: isOwn), arguments: reactors)
    func webSocket(workers: Int) throws {
        let far = try Broker(
            Broker.plain + "listener %PORT2% 127.0.0.1\nprotocol websockets\n",
            workers: workers
        )
        try Self.check(far, address: "ws://127.0.0.1:\(far.ports[1])/mqtt", workers: workers)
    }

    /// A message each way.
    static func check(
        _ far: Broker,
        address: String,
        _ lines: String = "",
        workers: Int,
        version: Version = .v4
    ) throws {
        let near = try Broker(
            Broker.plain + """
                connection b
                address \(address)
                restart_timeout 1
                topic # both 1
                \(lines)

                """,
            workers: workers
        )
        try checkBothWays(near, far)
    }

    /// A message each way between two brokers that are connected, or will be soon.
    static func checkBothWays(_ near: Broker, _ far: Broker) throws {
        for (from, to) in [(near, far), (far, near)] {
            let name = unique("way")
            let receiver = try RawClient(to)
            receiver.send(Wire.connect("receiver-\(name)"))
            _ = try receiver.readPacket()
            receiver.patienceSeconds = 15
            try receiver.subscribe("way/#", 1)
            let sender = try RawClient(from)
            sender.send(Wire.connect("sender-\(name)"))
            _ = try sender.readPacket()
            // The far broker keeps it for who subscribes later, as the bridge may do.
            try sender.publish1("way/\(name)", "m", retain: true)
            while try receiver.takePublish().topic != "way/\(name)" {}
        }
    }
}
