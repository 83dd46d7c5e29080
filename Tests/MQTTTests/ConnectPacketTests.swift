// SPDX-License-Identifier: Apache-2.0
// CONNECT and CONNACK: round trips and the table of refusals.

import MQTT
import Testing

/// A CONNECT body put together from its parts, right or wrong.
private struct Connect {
    var name = "MQTT"
    var version: UInt8 = 5
    var flags: UInt8 = 0x02
    var properties: [UInt8]? = []
    var payload: [UInt8] = lengthPrefixed("id")

    init(_ version: UInt8 = 5, _ change: (inout Connect) -> Void = { _ in }) {
        self.version = version
        if version & 0x7F == 3 { name = "MQIsdp" }
        if version != 5 { properties = nil }
        change(&self)
    }

    var bytes: [UInt8] {
        var bytes = lengthPrefixed(name) + [version, flags, 0, 60]
        if let properties { bytes.appendProperties(properties) }
        return bytes + payload
    }
}

@Suite("CONNECT")
struct ConnectPacketTests {
    static var full: ConnectPacket {
        var packet = ConnectPacket(version: .v5, clientIdentifier: "client-é")
        packet.isCleanStart = false
        packet.keepAlive = 1234
        packet.userName = ""
        packet.password = [0, 1, 2]
        packet.sessionExpiryInterval = 0xFFFF_FFFE
        packet.receiveMaximum = 7
        packet.maximumPacketSize = 4096
        packet.topicAliasMaximum = 9
        packet.requestResponseInformation = true
        packet.requestProblemInformation = false
        packet.userProperties = [0x26] + lengthPrefixed("k") + lengthPrefixed("v")
        packet.authenticationMethod = "SCRAM-SHA-256"
        packet.authenticationData = [9, 8]
        packet.will = Will(
            topic: [UInt8]("will/topic".utf8),
            payload: [1, 2, 3, 4],
            qos: 2,
            isRetained: true,
            delayInterval: 30,
            messageExpiryInterval: 60,
            forwardedProperties: forwardedProperties
        )
        return packet
    }

    static func encode(_ packet: ConnectPacket) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendConnect(packet)
        return body(of: bytes)
    }

    // [MQTT-3.1.3-1]
    @Test("A packet with everything round-trips")
    func roundTrip() throws {
        var decoded = try decodeConnect(Self.encode(Self.full))
        #expect(decoded.properties == Self.full.encodedProperties)
        #expect(decoded.willProperties == Self.full.will?.encodedProperties)
        decoded.properties = []
        decoded.willProperties = []
        #expect(decoded == Self.full)
    }

    @Test("Leading properties come first, as they are, and none of them twice")
    func leadingProperties() {
        var packet = Self.full
        packet.leadingProperties =
            [0x26] + lengthPrefixed("a") + lengthPrefixed("b") + [0x21, 0, 3, 0x11, 0, 0, 0, 0]
        var others = Self.full
        others.receiveMaximum = nil
        others.sessionExpiryInterval = 0
        #expect(packet.encodedProperties == packet.leadingProperties + others.encodedProperties)
    }

    // [MQTT311-3.1.3-1]
    @Test(
        "Packets of 3.1 and 3.1.1 round-trip, also as bridge",
        arguments: [ProtocolVersion.v31, .v311]
    )
    func roundTripBefore5(version: ProtocolVersion) throws {
        for isBridge in [false, true] {
            var packet = ConnectPacket(version: version, clientIdentifier: "id")
            packet.isBridge = isBridge
            packet.userName = "user"
            packet.password = []
            packet.will = Will(topic: [0x61], qos: 1)
            #expect(try decodeConnect(Self.encode(packet)) == packet)
        }
    }

    @Test("Every packet is refused when cut off at any byte")
    func truncated() {
        var old = ConnectPacket(version: .v311, clientIdentifier: "id")
        old.userName = "user"
        old.password = [1, 2]
        old.will = Will(topic: [0x61], payload: [1])
        for packet in [Self.full, old] {
            let content = Self.encode(packet)
            for count in 0..<content.count {
                #expect(Outcome(connect: [UInt8](content[..<count])) != .accepted)
            }
        }
    }

    @Test(
        "[MQTT-3.1.2-1] [MQTT-3.1.2-2] Protocol names and versions",
        arguments: [
            ("MQIsdp", 3, .accepted), ("MQIsdp", 0x83, .accepted), ("MQTT", 4, .accepted),
            ("MQTT", 0x84, .accepted), ("MQTT", 5, .accepted), ("MQTT", 0x85, .code(0x84)),
            ("MQTT", 0, .code(0x84)), ("MQTT", 2, .code(0x84)), ("MQTT", 6, .code(0x84)),
            ("MQIsdp", 2, .code(0x84)), ("MQIsdp", 6, .code(0x84)), ("MQIsdp", 4, .connackV3(1)),
            ("MQIsdp", 5, .connackV3(1)), ("MQTT", 3, .connackV3(1)), ("MQT", 4, .close),
            ("MQTTT", 4, .close), ("MQTU", 4, .close), ("", 4, .close), ("MQISDP", 3, .close),
            ("mqtt", 5, .close),
        ] as [(String, UInt8, Outcome)]
    )
    func versions(name: String, version: UInt8, outcome: Outcome) {
        let connect = Connect(version) { $0.name = name }
        #expect(Outcome(connect: connect.bytes) == outcome)
    }

    @Test("Versions the listener does not accept")
    func acceptedVersions() {
        var limits = ConnectLimits()
        limits.acceptedVersions = []
        #expect(Outcome(connect: Connect(3).bytes, limits: limits) == .connackV3(1))
        #expect(Outcome(connect: Connect(4).bytes, limits: limits) == .connackV3(1))
        #expect(Outcome(connect: Connect(5).bytes, limits: limits) == .code(0x84))
        #expect(Outcome(connect: Connect(0x83).bytes, limits: limits) == .code(0x84))
        #expect(Outcome(connect: Connect(0x84).bytes, limits: limits) == .code(0x84))
        limits.acceptedVersions = [.init(.v311)]
        #expect(Outcome(connect: Connect(4).bytes, limits: limits) == .accepted)
        #expect(Outcome(connect: Connect(0x84).bytes, limits: limits) == .accepted)
    }

    @Test("[MQTT-3.1.2-3] Reserved flags close the connection, but for 3.1")
    func reservedFlags() {
        for flags in [1, 2, 4, 8] as [UInt8] {
            #expect(Outcome(connect: Connect(3).bytes, flags: flags) == .accepted)
            #expect(Outcome(connect: Connect(4).bytes, flags: flags) == .close)
            #expect(Outcome(connect: Connect(5).bytes, flags: flags) == .close)
        }
        #expect(Outcome(connect: Connect(3) { $0.flags = 0x03 }.bytes) == .accepted)
        #expect(Outcome(connect: Connect(4) { $0.flags = 0x03 }.bytes) == .close)
        #expect(Outcome(connect: Connect(5) { $0.flags = 0x03 }.bytes) == .close)
    }

    @Test(
        "Properties",
        arguments: [
            ("05 00", .code(0x81)), ("11 00 00", .code(0x81)), ("21 00 00", .code(0x82)),
            ("27 00 00 00 00", .code(0x82)), ("19 02", .code(0x82)), ("17 02", .code(0x82)),
            ("16 00 01 00", .code(0x82)), ("23 00 01", .code(0x82)),
            ("18 00 00 00 01", .code(0x82)),
            ("21 00 01 21 00 01", .code(0x82)), ("11 00 00 00 01 11 00 00 00 01", .code(0x82)),
            ("15 00 01 61 15 00 01 61", .code(0x82)), ("15 00 01 ff", .code(0x81)),
            ("22 00 00", .accepted), ("27 ff ff ff ff", .accepted),
            ("26 00 00 00 00 26 00 00 00 00", .accepted), ("15 00 01 61 16 00 00", .accepted),
            ("26 00 00 00", .code(0x81)), ("80 01", .code(0x81)),
        ] as [(String, Outcome)]
    )
    func properties(text: String, outcome: Outcome) {
        #expect(Outcome(connect: Connect(5) { $0.properties = hex(text) }.bytes) == outcome)
    }

    @Test("A property length that is too large, too long or missing is 0x81")
    func propertyLength() {
        for tail in ["05", "80 00", "ff ff ff ff", ""] {
            let connect = Connect(5) {
                $0.properties = nil
                $0.payload = hex(tail)
            }
            #expect(Outcome(connect: connect.bytes) == .code(0x81))
        }
    }

    @Test("5000 user properties cost no more than their bytes")
    func manyUserProperties() throws {
        let property: [UInt8] = [0x26] + lengthPrefixed("k") + lengthPrefixed("v")
        let connect = Connect(5) { connect in
            connect.properties = (0..<5000).flatMap { _ in property }
        }
        let packet = try decodeConnect(connect.bytes)
        #expect(packet.userProperties.count == 5000 * property.count)
    }

    @Test("[MQTT-3.1.3-4] Client identifiers")
    func clientIdentifiers() {
        func outcome(
            _ version: UInt8,
            _ flags: UInt8,
            _ id: [UInt8],
            _ allow: Bool = true
        ) -> Outcome {
            var limits = ConnectLimits()
            limits.allowsZeroLengthClientIdentifier = allow
            let connect = Connect(version) {
                $0.flags = flags
                $0.payload = lengthPrefixed(id)
            }
            return Outcome(connect: connect.bytes, limits: limits)
        }
        for bad in ["00", "7f", "ed a0 80", "ef bf bf"] {
            #expect(outcome(4, 2, hex(bad)) == .close)
            #expect(outcome(5, 2, hex(bad)) == .code(0x85))
        }
        for count in [23, 24, 65_534, 65_535] {
            let id = [UInt8](repeating: 0x61, count: count)
            for version in [3, 4, 5] as [UInt8] { #expect(outcome(version, 2, id) == .accepted) }
        }
        #expect(outcome(3, 2, []) == .connackV3(2))
        #expect(outcome(4, 2, []) == .accepted)
        #expect(outcome(4, 0, []) == .connackV3(2))
        #expect(outcome(4, 2, [], false) == .connackV3(2))
        #expect(outcome(5, 2, []) == .accepted)
        #expect(outcome(5, 0, []) == .accepted)
        #expect(outcome(5, 2, [], false) == .code(0x80))
        #expect(outcome(5, 2, [0x61], false) == .accepted)
    }

    @Test("[MQTT-3.1.2-11] [MQTT-3.1.2-12] [MQTT-3.1.2-13] Will flags")
    func willFlags() {
        for flags in [0x0A, 0x12, 0x22] as [UInt8] {
            #expect(Outcome(connect: Connect(3) { $0.flags = flags }.bytes) == .accepted)
            #expect(Outcome(connect: Connect(4) { $0.flags = flags }.bytes) == .close)
            #expect(Outcome(connect: Connect(5) { $0.flags = flags }.bytes) == .close)
        }
        for version in [3, 4, 5] as [UInt8] {
            #expect(Outcome(connect: Connect(version) { $0.flags = 0x1E }.bytes) == .close)
        }
    }

    /// A packet with a will whose fields come after the client identifier.
    private func will(_ version: UInt8, _ tail: [UInt8], flags: UInt8 = 0x06) -> [UInt8] {
        Connect(version) {
            $0.flags = flags
            $0.payload = lengthPrefixed("id") + (version == 5 ? [0] : []) + tail
        }.bytes
    }

    @Test("Wills that the listener does not permit")
    func willLimits() {
        var limits = ConnectLimits()
        let tail = lengthPrefixed("t") + lengthPrefixed("abc")
        limits.isRetainAvailable = false
        #expect(Outcome(connect: will(4, tail, flags: 0x26), limits: limits) == .close)
        #expect(Outcome(connect: will(5, tail, flags: 0x26), limits: limits) == .code(0x9A))
        #expect(Outcome(connect: will(5, tail), limits: limits) == .accepted)
        limits = ConnectLimits()
        limits.maximumQoS = 1
        #expect(Outcome(connect: will(5, tail, flags: 0x0E), limits: limits) == .accepted)
        #expect(Outcome(connect: will(5, tail, flags: 0x16), limits: limits) == .code(0x9B))
        #expect(Outcome(connect: will(4, tail, flags: 0x16), limits: limits) == .close)
        limits = ConnectLimits()
        limits.messageSizeLimit = 3
        #expect(Outcome(connect: will(5, tail), limits: limits) == .accepted)
        limits.messageSizeLimit = 2
        #expect(Outcome(connect: will(5, tail), limits: limits) == .code(0x95))
        #expect(Outcome(connect: will(4, tail), limits: limits) == .connackV3(5))
    }

    @Test("Will topics and truncated wills")
    func willTopics() {
        let cases: [([UInt8], Outcome, Outcome)] = [
            (lengthPrefixed("") + lengthPrefixed("x"), .close, .code(0x82)),
            (lengthPrefixed("a/+") + lengthPrefixed("x"), .close, .close),
            (lengthPrefixed("$CONTROL/x") + lengthPrefixed("x"), .close, .close),
            (lengthPrefixed("$CONTROL") + lengthPrefixed("x"), .accepted, .accepted),
            (lengthPrefixed(hex("ed bf bf")) + lengthPrefixed("x"), .close, .close),
            (lengthPrefixed(String(repeating: "/", count: 200)) + [0, 0], .accepted, .accepted),
            (lengthPrefixed(String(repeating: "/", count: 201)) + [0, 0], .close, .close),
            ([], .close, .code(0x81)), ([0], .close, .code(0x81)),
            (lengthPrefixed("a"), .close, .code(0x81)),
            (lengthPrefixed("a") + [0, 1], .close, .code(0x81)),
            (lengthPrefixed("a") + [0, 0, 0], .close, .code(0x81)),
        ]
        for (tail, before, v5) in cases {
            #expect(Outcome(connect: will(4, tail)) == before)
            #expect(Outcome(connect: will(5, tail)) == v5)
        }
    }

    @Test("The mount point counts for the will topic")
    func mountPoint() {
        var limits = ConnectLimits()
        let tail = lengthPrefixed("x") + lengthPrefixed("y")
        limits.mountPoint = [UInt8]("$CONTROL/".utf8)
        #expect(Outcome(connect: will(5, tail), limits: limits) == .close)
        limits.mountPoint = [UInt8](repeating: 0x2F, count: 201)
        #expect(Outcome(connect: will(5, tail), limits: limits) == .close)
        limits.mountPoint = [UInt8]("m/".utf8)
        let control = lengthPrefixed("$CONTROL/x") + lengthPrefixed("y")
        #expect(Outcome(connect: will(5, control), limits: limits) == .accepted)
    }

    @Test(
        "Will properties",
        arguments: [
            ("18 00 00 00 01", .accepted), ("03 00 00", .accepted), ("09 00 00", .accepted),
            ("18 00", .code(0x81)), ("08 00 00", .code(0x82)), ("08 00 01 2b", .code(0x82)),
            ("11 00 00 00 01", .code(0x82)), ("01 00 01 00", .code(0x82)), ("01 02", .code(0x82)),
            ("7f", .code(0x81)),
        ] as [(String, Outcome)]
    )
    func willProperties(text: String, outcome: Outcome) {
        let connect = Connect(5) {
            $0.flags = 0x06
            $0.payload =
                lengthPrefixed("id") + lengthPrefixed(hex(text)).dropFirst() + lengthPrefixed("t")
                + [0, 0]
        }
        #expect(Outcome(connect: connect.bytes) == outcome)
    }

    @Test("User name, password and what is left over")
    func credentials() {
        let cases: [(UInt8, [UInt8], Outcome, Outcome, Outcome)] = [
            (0x42, lengthPrefixed("p"), .close, .close, .accepted),
            (0x82, [], .accepted, .close, .close), (0x82, [0, 1], .close, .close, .close),
            (0x82, lengthPrefixed(hex("00")), .accepted, .close, .close),
            (0x82, lengthPrefixed(""), .accepted, .accepted, .accepted),
            (0xC2, lengthPrefixed("u"), .accepted, .close, .close),
            (
                0xC2, lengthPrefixed("u") + lengthPrefixed(hex("00 ff")), .accepted, .accepted,
                .accepted
            ),
            (0x02, [0], .close, .close, .code(0x81)),
            (0xC2, lengthPrefixed("u") + lengthPrefixed("p") + [0], .close, .close, .code(0x81)),
        ]
        for (flags, tail, v31, v311, v5) in cases {
            func outcome(_ version: UInt8) -> Outcome {
                let connect = Connect(version) {
                    $0.flags = flags
                    $0.payload = lengthPrefixed("id") + tail
                }
                return Outcome(connect: connect.bytes)
            }
            #expect(outcome(4) == v311, "\(flags) \(tail)")
            #expect(outcome(5) == v5, "\(flags) \(tail)")
            // Two bytes of a length that promises too much are consumed, so nothing is left over.
            #expect(outcome(3) == (tail == [0, 1] ? .accepted : v31), "\(flags) \(tail)")
        }
    }

    @Test("The order of the checks: the first wrong thing decides")
    func order() {
        let connect = Connect(5) {
            $0.properties = hex("21 00 00")
            $0.flags = 0x1E
        }
        #expect(Outcome(connect: connect.bytes) == .code(0x82))
        let willFirst = Connect(5) {
            $0.properties = hex("16 00 00")
            $0.flags = 0x1E
        }
        #expect(Outcome(connect: willFirst.bytes) == .close)
        let idBeforeWill = Connect(5) {
            $0.flags = 0x22
            $0.payload = lengthPrefixed(hex("00"))
        }
        #expect(Outcome(connect: idBeforeWill.bytes) == .code(0x85))
    }
}
