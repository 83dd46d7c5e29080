// SPDX-License-Identifier: Apache-2.0
// Clauses of the standard that only a plugin brings about: enhanced authentication and reason strings.

import TestSupport
import Testing

@Suite("Clauses of enhanced authentication and of reason strings")
struct ExchangeClauseTests {
    static let reactors = Broker.reactorCounts

    static func broker(workers: Int) throws -> Broker {
        try Broker.shared(
            "listener %PORT% 127.0.0.1\nlog_type all\nallow_anonymous true\nplugin \(HostPlugin.exchange.get().path)\n",
            workers: workers
        )
    }

    static func properties(_ data: String?, method: String = "steps") -> Bytes {
        Property.authenticationMethod(method)
            + (data.map { Property.authenticationData(utf8($0)) } ?? [])
    }

    static func auth(_ reason: UInt8, _ data: String?, method: String = "steps") -> Bytes {
        Wire.packet(0xF0, [reason] + Wire.properties(properties(data, method: method)))
    }

    /// CONNACK of a client that came in by an exchange.
    static func connack(_ data: String?) -> Bytes {
        let list =
            hex("22 000A") + properties(data) + hex("27 001E8480 21 0014")
        return Wire.packet(0x20, [0, 0] + Wire.properties(list))
    }

    /// A client whose exchange begins with this step.
    static func begun(_ broker: Broker, _ data: String, more: Bytes = []) throws -> RawClient {
        let client = try RawClient(broker)
        client.speak(.v5)
        client.send(Wire.connect(unique("e"), .v5, properties: properties(data) + more))
        return client
    }

    // [MQTT-3.15.2-1] [MQTT-3.15.2-2] [MQTT-3.15.2-3] [MQTT-4.12.0-2] [MQTT-4.12.0-5]
    @Test("AUTH and CONNACK have the method, AUTH says 0x18 and nothing else", arguments: reactors)
    func success(workers: Int) throws {
        let broker = try Self.broker(workers: workers)
        for last in ["yes", "bare"] {
            let client = try Self.begun(broker, "more")
            for _ in 0..<2 {
                try client.expect(Self.auth(0x18, "go on"))
                client.send(Self.auth(0x18, "more"))
            }
            try client.expect(Self.auth(0x18, "go on"))
            client.send(Self.auth(0x18, last))
            try client.expect(Self.connack(last == "yes" ? "welcome" : nil))
            try client.expectSilence()
        }
    }

    // [MQTT-4.12.0-1] [MQTT-4.12.0-4]
    @Test("An exchange that fails ends with CONNACK and the connection", arguments: reactors)
    func failure(workers: Int) throws {
        let broker = try Self.broker(workers: workers)
        let refused = try Self.begun(broker, "no")
        try refused.expectClosed(after: hex("20 03 00 87 00"))
        let late = try Self.begun(broker, "more")
        try late.expect(Self.auth(0x18, "go on"))
        late.send(Self.auth(0x18, "no"))
        try late.expectClosed(after: hex("20 03 00 87 00"))
        let unknown = try RawClient(broker)
        let list = Self.properties("more", method: "other")
        unknown.send(Wire.connect(unique("e"), .v5, properties: list))
        try unknown.expectClosed(after: hex("20 03 00 8C 00"))
    }

    /// What may not come before CONNACK, or not in this form.
    static let wrongSteps: [(String, Bytes)] = [
        ("PUBLISH", Wire.publish(.v5, "a", "x")), ("PINGREQ", Wire.pingreq),
        ("SUBSCRIBE", Wire.subscribe(.v5, [("a", 0)])),
        ("AUTH with another method", auth(0x18, "more", method: "other")),
        ("AUTH without method", hex("F0 02 18 00")), ("AUTH 0x19", auth(0x19, "more")),
        ("AUTH 0x00", auth(0, "more")), ("a second CONNECT", Wire.connect("e", .v5)),
    ]

    // [MQTT-3.1.2-30] [MQTT-4.12.0-3] [MQTT-4.12.0-5] [MQTT-3.14.0-1]
    @Test(
        "During an exchange only AUTH with its method and DISCONNECT may come",
        arguments: 0..<wrongSteps.count,
        reactors
    )
    func wrongStep(index: Int, workers: Int) throws {
        let broker = try Self.broker(workers: workers)
        let client = try Self.begun(broker, "more")
        try client.expect(Self.auth(0x18, "go on"))
        client.send(Self.wrongSteps[index].1)
        // CONNACK with an error, or nothing: never DISCONNECT.
        if let answer = client.nextPacket(seconds: 5) {
            #expect(answer[0] == 0x20 && answer[2] == 0 && answer[3] >= 0x80, "\(answer)")
        }
        try client.expectClosed()
    }

    // [MQTT-4.12.1-1] [MQTT-4.12.1-2]
    @Test("Who came by an exchange may begin another; if that fails it leaves", arguments: reactors)
    func again(workers: Int) throws {
        let broker = try Self.broker(workers: workers)
        let client = try Self.begun(broker, "yes")
        try client.expect(Self.connack("welcome"))
        client.send(Self.auth(0x19, "yes"))
        try client.expect(Self.auth(0, "welcome"))
        client.send(Self.auth(0x19, "more"))
        try client.expect(Self.auth(0x18, "go on"))
        // Meanwhile all else goes on.
        try client.expectSilence()
        client.send(Self.auth(0x18, "bare"))
        try client.expect(Self.auth(0, nil))
        client.send(Self.auth(0x19, "no"))
        try client.expectClosed(after: hex("E0 01 87"))
        let other = try Self.begun(broker, "yes")
        try other.expect(Self.connack("welcome"))
        other.send(Self.auth(0x19, "yes", method: "other"))
        try other.expectClosed(after: hex("E0 01 82"))
    }

    // [MQTT-4.12.0-6] [MQTT-4.12.0-7]
    @Test("Who names no method hears of none and may not send AUTH", arguments: reactors)
    func without(workers: Int) throws {
        let broker = try Self.broker(workers: workers)
        let client = try RawClient.connected(to: broker, unique("e"), .v5)
        client.send(Self.auth(0x19, "yes"))
        try client.expectClosed(after: hex("E0 01 82"))
    }

    static let reason = Property.reasonString("because of the rules of this house")

    /// CONNECT properties, and whether the acknowledgement has a reason string.
    static let requests: [(String, Bytes, Bool)] = [
        ("nothing said", [], true), ("wanted", Property.requestProblem(1), true),
        ("not wanted", Property.requestProblem(0), false),
        ("as large as may be", Property.maximumPacketSize(43), true),
        ("too large", Property.maximumPacketSize(42), false),
    ]

    // [MQTT-3.1.2-29] [MQTT-3.4.2-2] [MQTT-3.5.2-2]
    @Test(
        "A reason string goes out where it is wanted and fits",
        arguments: 0..<requests.count,
        reactors
    )
    func reasonString(index: Int, workers: Int) throws {
        let broker = try Self.broker(workers: workers)
        let (_, properties, isSent) = Self.requests[index]
        for (qos, first) in [(UInt8(1), UInt8(0x40)), (2, 0x50)] {
            let id = unique("e")
            let client = try RawClient.connected(to: broker, id, .v5, properties: properties)
            client.send(Wire.publish(.v5, "$CONTROL/reason", "x", qos: qos, id: 1))
            let body: Bytes = [0, 1] + (isSent ? [0] + Wire.properties(Self.reason) : [])
            let packet = Wire.packet(first, body)
            #expect(!isSent || packet.count == 43)
            try client.expect(packet)
        }
    }
}
