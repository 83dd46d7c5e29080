// SPDX-License-Identifier: Apache-2.0
// The machine against a naive server: random operations, cuts at any byte, nothing lost or doubled.

import ClientMachine
import MQTT
import TestSupport
import Testing

@Suite("MQTTClientMachine against a naive server")
struct MachineModelTests {
    /// A client and its server with the bytes between them.
    private struct Run {
        let seed: UInt64
        let version: ProtocolVersion
        var generator: SplitMix64
        let driver = MachineDriver()
        var server: NaiveServer
        var towardsClient: [UInt8] = []
        var towardsServer: [UInt8] = []
        var up: [[UInt8]: UInt8] = [:]
        var upOrder: [[UInt8]] = []
        var down: [[UInt8]: UInt8] = [:]
        var count = 0
        /// Whether the server may forget the session; 3.1 could not say so.
        let isForgetful: Bool

        init(seed: UInt64) {
            self.seed = seed
            version = [.v31, .v311, .v5, .v5][Int(seed % 4)]
            generator = SplitMix64(seed: seed)
            server = NaiveServer(version: version)
            isForgetful = seed % 5 == 4 && version != .v31
            driver.holdsAnswers = seed % 3 == 1
            if version == .v5 {
                server.receiveMaximum = [1, 3, 65_535][Int(seed % 3)]
                server.topicAliasMaximum = [0, 1, 2][Int(seed / 3 % 3)]
            }
            connect()
        }

        mutating func connect() {
            var packet = ConnectPacket(version: version, clientIdentifier: "model")
            packet.isCleanStart = false
            packet.sessionExpiryInterval = 3600
            packet.topicAliasMaximum = 10
            packet.receiveMaximum = [2, 10, nil][generator.next(below: 3)]
            driver.connect(packet, releasesAtOnce: seed % 2 == 0)
            towardsServer = []
            towardsClient = []
        }

        mutating func step() {
            switch generator.next(below: 100) {
            case 0..<20: publish()
            case 20..<35: deliver()
            case 35..<40: driver.answer()
            case 40..<50: server.answer(1 + generator.next(below: 5))
            case 50: cut()
            default: carry()
            }
        }

        private mutating func payload(_ topic: UInt8) -> [UInt8] {
            count += 1
            return [topic] + Array("\(count)".utf8)
        }

        private mutating func publish() {
            let topic = UInt8(ascii: "a") + UInt8(generator.next(below: 3))
            let qos = UInt8(generator.next(below: 3))
            let message = OutgoingPublish(topic: [topic, 0x2F], payload: payload(topic), qos: qos)
            up[message.payload] = qos
            upOrder.append(message.payload)
            driver.publish(message)
            driver.pump()
        }

        private mutating func deliver() {
            for _ in 0...generator.next(below: 4) {
                let payload = payload(0x64)
                let qos = UInt8(generator.next(below: 3))
                down[payload] = qos
                server.deliver(payload, qos: qos)
            }
            server.pump()
        }

        /// Moves some bytes.
        mutating func carry(all: Bool = false) {
            towardsServer += driver.takeOutput()
            let first = all ? towardsServer.count : generator.next(below: towardsServer.count + 1)
            server.receive(Array(towardsServer.prefix(first)))
            towardsServer.removeFirst(first)
            server.pump()
            towardsClient += server.takeOutput()
            let second = all ? towardsClient.count : generator.next(below: towardsClient.count + 1)
            driver.feed(Array(towardsClient.prefix(second)))
            towardsClient.removeFirst(second)
            driver.pump()
        }

        private mutating func cut() {
            driver.cut()
            server.connectionLost()
            if isForgetful, generator.next(below: 3) == 0 {
                server.loseSession()
                down = [:]
            }
            connect()
        }

        /// Until nothing is under way.
        mutating func drain() {
            driver.holdsAnswers = false
            for _ in 0..<10_000 {
                driver.answer()
                server.answer(.max)
                carry(all: true)
                if driver.unfinishedCount == 0, server.unfinishedCount == 0,
                    driver.unreleasedCount == 0, driver.output.isEmpty
                {
                    return
                }
            }
            Issue.record("seed \(seed): does not come to an end")
        }

        func check() {
            #expect(server.complaints.isEmpty, "seed \(seed): \(server.complaints.prefix(3))")
            let bad = driver.events.filter { !$0.hasPrefix("connected") }
            #expect(bad.isEmpty, "seed \(seed): \(bad.prefix(3))")
            check(server.published, up, "up")
            if !isForgetful { check(driver.arrived.map(\.payload), down, "down") }
        }

        private func check(_ got: [[UInt8]], _ sent: [[UInt8]: UInt8], _ way: String) {
            var counts: [[UInt8]: Int] = [:]
            for payload in got { counts[payload, default: 0] += 1 }
            for (payload, qos) in sent {
                let count = counts[payload, default: 0]
                let fits =
                    switch qos {
                    case 0: count <= 1
                    case 1: count >= 1
                    default: isForgetful ? count >= 1 : count == 1
                    }
                #expect(fits, "seed \(seed) \(way): QoS \(qos) \(payload) \(count) times")
            }
            #expect(counts.keys.allSatisfy { sent[$0] != nil }, "seed \(seed): from nowhere")
        }
    }

    @Test("Nothing is lost, and QoS 2 is never doubled", arguments: UInt64(1)...60)
    func random(seed: UInt64) {
        var run = Run(seed: seed)
        for _ in 0..<1500 { run.step() }
        run.drain()
        run.check()
    }

    @Test("Alike messages are reported as stretches", arguments: [UInt8(0), 1, 2])
    func stretches(qos: UInt8) {
        var run = Run(seed: 6)
        run.carry(all: true)
        for number in 0..<100 { run.server.deliver(Array("\(number)".utf8), qos: qos) }
        run.drain()
        #expect(run.driver.stretchCount > 90)
        #expect(run.driver.arrived.map(\.payload) == (0..<100).map { Array("\($0)".utf8) })
    }
}
