// SPDX-License-Identifier: Apache-2.0
// The machine on a socket, against this project's broker and the original.

import ClientMachine
import MQTT
import TestSupport
import Testing

@Suite("MQTTClientMachine against brokers")
struct MachineBrokerTests {
    /// A driver and its socket.
    private final class Client {
        let driver = MachineDriver()
        private let broker: Broker
        private var socket: RawClient
        private let packet: ConnectPacket

        init(_ broker: Broker, _ packet: ConnectPacket) throws {
            self.broker = broker
            self.packet = packet
            socket = try RawClient(broker)
            try connect()
        }

        func connect() throws {
            socket = try RawClient(broker)
            driver.connect(packet)
            try turn { driver.stage != .connecting }
            guard driver.stage == .connected else { throw Mismatch("\(driver.events)") }
        }

        /// Sends what there is to send and reads, until a condition holds.
        func turn(until isDone: () -> Bool) throws {
            while true {
                driver.pump()
                let bytes = driver.takeOutput()
                if !bytes.isEmpty { socket.send(bytes) }
                if isDone() { return }
                if let packet = socket.nextPacket(seconds: 5) {
                    driver.feed(packet)
                } else if socket.isClosed, driver.stage != .ended {
                    driver.cut()
                } else {
                    throw Mismatch("nothing comes: \(driver.picture)")
                }
            }
        }

        /// Takes so many packets, if there are any, and cuts the connection.
        func cut(after count: Int) {
            driver.pump()
            socket.send(driver.takeOutput())
            for _ in 0..<count {
                if let packet = socket.nextPacket(seconds: 0.2) { driver.feed(packet) }
            }
            driver.cut()
            socket.abort()
        }
    }

    private static let programs = Broker.Program.installed

    private static func start(_ program: Broker.Program) throws -> Broker {
        try Broker(
            Broker.plain + "max_keepalive 20\nmax_queued_messages 0\n",
            of: program,
            workers: 1
        )
    }

    private static func packet(_ version: ProtocolVersion) -> ConnectPacket {
        var packet = ConnectPacket(version: version, clientIdentifier: unique("machine"))
        packet.isCleanStart = false
        packet.keepAlive = 15
        packet.sessionExpiryInterval = 600
        packet.topicAliasMaximum = 5
        packet.receiveMaximum = 10
        return packet
    }

    private static func publish(_ driver: MachineDriver, _ topic: String, _ range: Range<Int>) {
        for number in range {
            driver.publish(
                OutgoingPublish(
                    topic: utf8("\(topic)/\(number % 3)"),
                    payload: utf8("\(number)"),
                    qos: UInt8(number % 3)
                )
            )
        }
    }

    @Test(
        "Messages of each QoS go there and back",
        arguments: programs,
        [ProtocolVersion.v31, .v311, .v5]
    )
    func echo(program: Broker.Program, version: ProtocolVersion) throws {
        let broker = try Self.start(program)
        let client = try Client(broker, Self.packet(version))
        let driver = client.driver
        let topic = unique("echo")
        _ = try driver.subscribe([(utf8("\(topic)/#"), SubscriptionOptions(qos: 2))])
        try client.turn { driver.events.contains("subscribed [2]") }
        Self.publish(driver, topic, 0..<300)
        try client.turn {
            driver.arrived.count >= 300 && driver.unfinishedCount == 0
                && driver.unreleasedCount == 0
        }
        #expect(driver.arrived.count == 300)
        #expect(Set(driver.arrived.map { "\($0.topic) \($0.qos)" }).count == 3)
        let numbers = driver.arrived.compactMap { Int(String(decoding: $0.payload, as: UTF8.self)) }
        #expect(numbers.sorted() == Array(0..<300))
        for qos in 0..<3 {
            let ofQoS = numbers.filter { $0 % 3 == qos }
            #expect(ofQoS == ofQoS.sorted(), "order")
        }
        #expect(driver.end == .open)
        _ = try driver.unsubscribe([utf8("\(topic)/#")])
        try client.turn { driver.events.last?.hasPrefix("unsubscribed") ?? false }
        driver.disconnect()
        try broker.stop()
    }

    @Test(
        "What is cut off goes on in the session: nothing lost, QoS 2 not doubled",
        arguments: programs,
        [ProtocolVersion.v31, .v311, .v5]
    )
    func cut(program: Broker.Program, version: ProtocolVersion) throws {
        let broker = try Self.start(program)
        let client = try Client(broker, Self.packet(version))
        let driver = client.driver
        let topic = unique("cut")
        _ = try driver.subscribe([(utf8("\(topic)/#"), SubscriptionOptions(qos: 2))])
        try client.turn { driver.events.contains("subscribed [2]") }
        for round in 0..<8 {
            Self.publish(driver, topic, (round * 60)..<(round * 60 + 60))
            client.cut(after: round * 5)
            try client.connect()
            #expect(version == .v31 || driver.events.last == "connected true")
        }
        func count(_ number: Int) -> Int {
            let text = utf8("\(number)")
            return driver.arrived.filter { $0.payload == text }.count
        }
        let wanted = (0..<480).filter { $0 % 3 > 0 }
        try client.turn {
            driver.unfinishedCount == 0 && driver.unreleasedCount == 0
                && driver.arrived.count >= wanted.count
                && wanted.allSatisfy { count($0) > 0 }
        }
        for number in wanted where number % 3 == 2 {
            #expect(count(number) == 1, "\(number)")
        }
        try broker.stop()
    }

    @Test("The server's keep alive holds, and PINGREQ is answered", arguments: programs)
    func keepAlive(program: Broker.Program) throws {
        let broker = try Self.start(program)
        var packet = Self.packet(.v5)
        packet.keepAlive = 60
        let client = try Client(broker, packet)
        #expect(client.driver.limits?.keepAlive == 20)
        client.driver.tick(20_000)
        try client.turn { client.driver.deadline == 40_000 }
        let before = client.driver.deadline
        client.driver.tick(20_001)
        #expect(client.driver.takeOutput().isEmpty)
        #expect(before == 40_000)
        try broker.stop()
    }

    @Test("Another connection of the same client ends this one", arguments: programs)
    func takenOver(program: Broker.Program) throws {
        let broker = try Self.start(program)
        let packet = Self.packet(.v5)
        let first = try Client(broker, packet)
        let second = try Client(broker, packet)
        try first.turn { first.driver.stage == .ended }
        // The original closes without a word where nothing else has happened.
        if program == .own {
            #expect(first.driver.end == .byServer)
            #expect(first.driver.events.last == "disconnected 142")
        }
        #expect(second.driver.events == ["connected true"])
        try broker.stop()
    }
}
