// SPDX-License-Identifier: Apache-2.0
// `memory_limit`: what needs memory fails once it is reached, for that client alone.

import TestSupport
import Testing

@Suite("Memory limit")
struct MemoryLimit {
    // [MQTT311-4.8.0-2]
    @Test("A client that fills the memory is disconnected, others go on", arguments: reactors)
    func limit(workers: Int) throws {
        let broker = try Broker("memory_limit 20000000\n" + Broker.plain, workers: workers)
        let neighbour = try RawClient.connected(to: broker, "neighbour")
        let client = try RawClient.connected(to: broker, "greedy", .v5)
        let payload = Bytes(repeating: 0x61, count: 1_000_000)
        for index in 0..<40 {
            client.send(Wire.publish(.v5, "r\(index)", bytes: payload, retain: true))
        }
        try client.expectClosed(after: hex("E0 01 80"))
        try neighbour.expectSilence()
    }

    /// Lets clients do something each, and compares what the broker has grown by with the limit.
    private static func growth(_ count: Int, _ act: (Broker, Int) throws -> RawClient) throws -> Int
    {
        let broker = try Broker("memory_limit 20000000\n" + Broker.plain, workers: 1)
        let neighbour = try RawClient.connected(to: broker, "neighbour")
        let before = try broker.memory().resident
        var clients: [RawClient] = []
        for number in 0..<count { clients.append(try act(broker, number)) }
        neighbour.send("C0 00")
        try neighbour.expect("D0 00")
        let after = try broker.memory().resident
        for client in clients { client.abort() }
        try broker.stop()
        return after - before
    }

    /// The heap may grow to the limit; the rest is what the allocator loses between its pieces.
    private static let growthMax = 24 << 20

    @Test("Beginnings of packets count as they come")
    func halfPackets() throws {
        let packet = Wire.publish(.v4, "t", bytes: Bytes(repeating: 0x61, count: 1_900_000))
        let growth = try Self.growth(60) { broker, number in
            let client = try RawClient(broker)
            client.sendRaw(Wire.connect("half\(number)") + packet[..<1_000_000])
            return client
        }
        #expect(growth < Self.growthMax)
    }

    @Test("Beginnings of CONNECT packets count as they come")
    func halfConnects() throws {
        let packet = Wire.connect(String(repeating: "c", count: 60_000))
        let growth = try Self.growth(900) { broker, _ in
            let client = try RawClient(broker)
            client.sendRaw(Bytes(packet[..<50_000]))
            return client
        }
        #expect(growth < Self.growthMax)
    }

    @Test("Wills count as they come")
    func wills() throws {
        let growth = try Self.growth(700) { broker, number in
            let will = Will("t", String(repeating: "w", count: 60_000))
            let client = try RawClient(broker)
            client.sendRaw(Wire.connect("will\(number)", will: will))
            return client
        }
        #expect(growth < Self.growthMax)
    }

    @Test("User properties count as they come")
    func userProperties() throws {
        let property =
            [0x26] + Wire.string("k") + Wire.string(String(repeating: "v", count: 30_000))
        let growth = try Self.growth(700) { broker, number in
            let client = try RawClient(broker)
            let list = property + property
            let publish = Wire.publish(.v5, "t\(number)", "x", retain: true, properties: list)
            client.sendRaw(Wire.connect("p\(number)", .v5) + publish)
            return client
        }
        #expect(growth < Self.growthMax)
    }

    @Test("Filters count as they come")
    func filters() throws {
        let growth = try Self.growth(100) { broker, number in
            let client = try RawClient(broker)
            var filters: [UInt8] = []
            for index in 0..<1500 {
                filters += Wire.string("filters/\(number)/\(index)/0123456789") + [0]
            }
            let subscribe = Wire.packet(0x82, Wire.int16(1) + filters)
            client.sendRaw(Wire.connect("f\(number)") + subscribe)
            return client
        }
        #expect(growth < Self.growthMax)
    }
}
