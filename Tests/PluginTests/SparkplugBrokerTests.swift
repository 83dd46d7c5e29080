// SPDX-License-Identifier: Apache-2.0
// A Sparkplug Aware MQTT Server over the wire: in the original broker and in ours.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Sparkplug Aware MQTT Server", .serialized)
struct SparkplugBrokerTests {
    private typealias Broker = TestSupport.Broker

    private static let plugin = "plugin \(Broker.plugin("sparkplug_aware"))\n"
    private static let open = "listener %PORT% 127.0.0.1\nallow_anonymous true\n" + plugin
    private static let certificates = "$sparkplug/certificates/"

    /// A broker and the number of its reactors.
    struct Setting: Sendable, CustomTestStringConvertible {
        let program: TestSupport.Broker.Program
        let workers: Int

        var testDescription: String { "\(program), \(workers)" }

        static let all = TestSupport.Broker.Program.installed.flatMap { program in
            (program == .own ? [1, 2, 4] : [1]).map { Setting(program: program, workers: $0) }
        }
    }

    @Test(
        """
        [tck-id-conformance-mqtt-aware-store], -nbirth-mqtt-topic, -nbirth-mqtt-retain, -dbirth-mqtt-topic, \
        -dbirth-mqtt-retain: births are kept, in all versions
        """,
        arguments: Setting.all
    )
    func flow(setting: Setting) throws {
        let broker = try Broker(Self.open, of: setting.program, workers: setting.workers)
        for version in Version.allCases {
            try Self.flow(broker, version, group: unique("group"))
        }
        try Self.exactBytes(broker)
        try Self.clearing(broker)
        if setting.program == .own { try Self.properties(broker) }
    }

    /// A node comes, tells of itself and a device, is born again, and vanishes.
    private static func flow(_ broker: Broker, _ version: Version, group: String) throws {
        let birth = "spBv1.0/\(group)/NBIRTH/edge"
        let deviceBirth = "spBv1.0/\(group)/DBIRTH/edge/device"
        let death = "spBv1.0/\(group)/NDEATH/edge"
        let host = try RawClient(opening: broker, version)
        try host.subscribe("\(certificates)spBv1.0/\(group)/#", 1, id: 1)
        try host.subscribe(death, 1, id: 2)
        let node = try RawClient(
            opening: broker,
            version,
            will: Will(death, "gone", qos: 1)
        )
        let early = try RawClient(opening: broker, version)
        try early.subscribe("spBv1.0/\(group)/+/edge/#", 1)

        node.publish(birth, "born")
        try host.expectPublish(certificates + birth, "born")
        try early.expectPublish(birth, "born")
        node.publish(deviceBirth, "device born")
        try host.expectPublish(certificates + deviceBirth, "device born")
        try early.expectPublish(deviceBirth, "device born")
        node.publish("spBv1.0/\(group)/NDATA/edge", "not kept")
        try early.expectPublish("spBv1.0/\(group)/NDATA/edge", "not kept")

        try expectRetained(broker, version, group, [birth: "born", deviceBirth: "device born"])
        node.publish(birth, "again")
        try host.expectPublish(certificates + birth, "again")
        node.abort()
        try host.expectPublish(death, "gone", qos: 1, id: 1)
        // Certificates stay when a node has gone: its death says so.
        try expectRetained(broker, version, group, [birth: "again", deviceBirth: "device born"])
    }

    /// Whoever comes now gets these, as retained messages, and no birth that is not below the certificates.
    private static func expectRetained(
        _ broker: Broker,
        _ version: Version,
        _ group: String,
        _ births: [String: String]
    ) throws {
        let late = try RawClient(opening: broker, version)
        late.send(
            Wire.subscribe(
                version,
                id: 7,
                [("spBv1.0/\(group)/#", 0), ("\(certificates)spBv1.0/\(group)/#", 0)]
            )
        )
        // Retained messages may come before the answer.
        try late.expect(
            inAnyOrder: [Wire.suback(version, id: 7, [0, 0])]
                + births.map {
                    Wire.publish(version, certificates + $0.key, $0.value, retain: true)
                }
        )
        try late.expectSilence()
    }

    /// Payloads are whatever bytes came, whether a message of Protocol Buffers or not, and QoS is that of the birth.
    private static func exactBytes(_ broker: Broker) throws {
        let host = try RawClient(opening: broker, .v4)
        try host.subscribe(certificates + "spBv1.0/bytes/#", 2)
        let node = try RawClient(opening: broker, .v4)
        let payloads: [Bytes] = [
            hex("08 80 12 FF"), Bytes(0...255), Bytes(repeating: 0, count: 100_000), [0xC3],
        ]
        for payload in payloads {
            node.send(Wire.publish(.v4, "spBv1.0/bytes/NBIRTH/e", bytes: payload))
            try host.expect(
                Wire.publish(.v4, certificates + "spBv1.0/bytes/NBIRTH/e", bytes: payload)
            )
        }
        try node.publish1("spBv1.0/bytes/DBIRTH/e/d", "1")
        try host.take1(certificates + "spBv1.0/bytes/DBIRTH/e/d", "1", id: 1)
        try node.publish2("spBv1.0/bytes/DBIRTH/e/d", "2")
        try host.take2(certificates + "spBv1.0/bytes/DBIRTH/e/d", "2", id: 2)
    }

    /// A birth without a payload, as an administrator may send it, takes the certificate away.
    private static func clearing(_ broker: Broker) throws {
        let host = try RawClient(opening: broker, .v4)
        try host.subscribe(certificates + "spBv1.0/cleared/#")
        for topic in ["spBv1.0/cleared/NBIRTH/e", "spBv1.0/cleared/DBIRTH/e/d"] {
            host.publish(topic, "born", retain: topic.hasSuffix("d"))
            try host.expectPublish(certificates + topic, "born")
            host.publish(topic, "", retain: topic.hasSuffix("d"))
            try host.expectPublish(certificates + topic, "")
        }
        try expectRetained(broker, .v4, "cleared", [:])
    }

    /// What says what the payload is goes with it, an expiry does not.
    private static func properties(_ broker: Broker) throws {
        let host = try RawClient(opening: broker, .v5)
        // Retain as published: what is published retained says so.
        try host.subscribe(certificates + "spBv1.0/properties/#", 8)
        let kept =
            TestSupport.Property.payloadFormat(1) + TestSupport.Property.contentType("x/y")
            + TestSupport.Property.user("a", "1") + TestSupport.Property.user("a", "2")
        host.publish(
            "spBv1.0/properties/NBIRTH/e",
            "born",
            properties: kept + TestSupport.Property.messageExpiry(3)
                + TestSupport.Property.responseTopic("r")
        )
        try host.expectPublish(
            certificates + "spBv1.0/properties/NBIRTH/e",
            "born",
            retain: true,
            properties: kept
        )
    }

    // MARK: Hostile clients

    @Test(
        "What only looks like a birth leaves no certificate, and one without a place for it goes on",
        arguments: TestSupport.Broker.Program.installed
    )
    func hostileTopics(program: TestSupport.Broker.Program) throws {
        let broker = try Broker(
            Self.open + "listener %PORT2% 127.0.0.1\nmount_point spBv1.0/\n",
            of: program,
            workers: 2
        )
        let host = try RawClient(opening: broker, .v4)
        try host.subscribe("$sparkplug/#")
        // Topics are what they are with the mount point in front.
        let mounted = try RawClient(opening: broker, .v4, port: broker.ports[1])
        try mounted.publish1("spBv1.0/G/NBIRTH/E", "no certificate")
        mounted.publish("G/NBIRTH/mounted", "born")
        try host.expectPublish(Self.certificates + "spBv1.0/G/NBIRTH/mounted", "born")
        let node = try RawClient(opening: broker, .v4)
        for topic in [
            "spBv1.0/G/NBIRTH", "spBv1.0/G/NBIRTH/E/D", "spBv1.0/G/DBIRTH/E",
            "spBv1.0/G/DBIRTH/E/D/X", "spBv1.0/G/nbirth/E", "spBv1.0/NBIRTH/G/E",
            "SPBV1.0/G/NBIRTH/E", "/spBv1.0/G/NBIRTH/E", "spAv1.0/G/NBIRTH/E", "spBv1.0",
            "spBv1.0/", "spBv1.0/STATE/H", "spBv1.0/G/NDEATH/E", "spBv1.0/G/DDEATH/E/D",
        ] {
            node.publish(topic, "no certificate")
        }
        // Without an identifier, or with those of the namespace, it is one.
        for topic in ["spBv1.0//NBIRTH/", "spBv1.0/$sparkplug/DBIRTH/certificates/NBIRTH"] {
            node.publish(topic, "born")
            try host.expectPublish(Self.certificates + topic, "born")
        }

        // Longer than a topic may be with what is put in front of it.
        let long = "spBv1.0/G/NBIRTH/" + String(repeating: "x", count: 65_535 - 17)
        let reader = try RawClient(opening: broker, .v4)
        try reader.subscribe("spBv1.0/G/#")
        for _ in 0..<3 {
            node.publish(long, "too long")
            try reader.expectPublish(long, "too long")
        }
        try broker.waitForLog(containing: "its topic of 65535 bytes is too long")
        node.publish("spBv1.0/G/NBIRTH/" + String(repeating: "x", count: 65_535 - 17 - 24), "long")
        #expect(try host.readPacket().count > 65_535)

        // A certificate itself is no birth, and who publishes it publishes it once.
        node.publish(Self.certificates + "spBv1.0/G/NBIRTH/E", "forged")
        try host.expectPublish(Self.certificates + "spBv1.0/G/NBIRTH/E", "forged")
        node.publish("spBv1.0/G/NBIRTH/E", "end")
        try host.expectPublish(Self.certificates + "spBv1.0/G/NBIRTH/E", "end")
        try host.expectSilence()
    }

    @Test(
        "Rights decide: who may not be born leaves no certificate, and nobody needs a right to write one",
        arguments: TestSupport.Broker.Program.installed
    )
    func rights(program: TestSupport.Broker.Program) throws {
        let broker = try Broker(
            Self.open + """
                plugin \(Broker.plugin("acl_file"))
                plugin_opt_acl_file %DIR%/rules

                """,
            of: program,
            workers: 2,
            files: [
                "rules": """
                pattern write spBv1.0/+/+/%c/#
                pattern read spBv1.0/+/NCMD/%c
                pattern read spBv1.0/+/DCMD/%c/+
                user scada
                topic read spBv1.0/#
                topic read $sparkplug/certificates/#
                topic write spBv1.0/+/NCMD/+
                topic write spBv1.0/+/DCMD/+/+
                topic write spBv1.0/STATE/scada
                user stranger
                topic read spBv1.0/#

                """
            ]
        )
        let host = try RawClient(opening: broker, .v5, username: "scada")
        let stranger = try RawClient(opening: broker, .v5, username: "stranger")
        for client in [host, stranger] { try client.subscribe(Self.certificates + "#") }
        try stranger.subscribe("spBv1.0/#", id: 2)
        let node = try RawClient(opening: broker, .v5, "edge")
        #expect(try node.publishReason("spBv1.0/G/NBIRTH/other", "stolen") == 0x87)
        #expect(try node.publishReason("spBv1.0/G/DBIRTH/other/device", "stolen") == 0x87)
        #expect(
            try node.publishReason(Self.certificates + "spBv1.0/G/NBIRTH/edge", "forged") == 0x87
        )
        node.publish("spBv1.0/G/NBIRTH/edge", "born")
        try host.expectPublish(Self.certificates + "spBv1.0/G/NBIRTH/edge", "born")
        node.publish("spBv1.0/G/DBIRTH/edge/device", "born")
        try host.expectPublish(Self.certificates + "spBv1.0/G/DBIRTH/edge/device", "born")
        // Who may read births alone gets those, live and later.
        try stranger.expectPublish("spBv1.0/G/NBIRTH/edge", "born")
        try stranger.expectPublish("spBv1.0/G/DBIRTH/edge/device", "born")
        try stranger.expectSilence()
        let late = try RawClient(opening: broker, .v5, username: "stranger")
        try late.subscribe("$sparkplug/#")
        try late.expectSilence()
    }

    // MARK: What outlives the broker

    @Test("[tck-id-conformance-mqtt-aware-store] Certificates outlive the broker")
    func persistence() throws {
        let directory = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let configuration = Self.open + "persistence true\npersistence_location %DIR%/\n"
        do {
            let broker = try Broker(configuration, of: .own, workers: 2, in: directory)
            let node = try RawClient(opening: broker, .v4)
            try node.subscribe(Self.certificates + "#")
            node.publish("spBv1.0/kept/NBIRTH/e", "born")
            try node.expectPublish(Self.certificates + "spBv1.0/kept/NBIRTH/e", "born")
            try broker.stop()
        }
        let broker = try Broker(configuration, of: .own, workers: 2, in: directory)
        try Self.expectRetained(broker, .v5, "kept", ["spBv1.0/kept/NBIRTH/e": "born"])
    }

    // MARK: Timestamps of deaths

    /// An NDEATH with its timestamp and the metric bdSeq, which has one of its own.
    private static func death(_ timestamp: Bytes) -> Bytes {
        [0x08] + timestamp + hex("12 10 0A056264536571 18 8080D6CFCC32 2008 5807").replacingLength
    }

    @Test(
        "[tck-id-conformance-mqtt-aware-ndeath-timestamp] NDEATH has the time at which it is delivered",
        arguments: [1, 4]
    )
    func deathTimestamps(workers: Int) throws {
        let broker = try Broker(
            Self.open + "plugin_opt_replace_ndeath_timestamp true\n",
            of: .own,
            workers: workers
        )
        let death = "spBv1.0/G/NDEATH/edge"
        let payload = Self.death(hex("01"))
        let now = try RawClient(opening: broker, .v5)
        try now.subscribe("spBv1.0/#", 1)
        let zero = try RawClient(opening: broker, .v4)
        try zero.subscribe("spBv1.0/#", 0)
        let identifier = unique("absent")
        let absent = try RawClient(opening: broker, .v4, identifier, clean: false)
        try absent.subscribe("spBv1.0/#", 1)
        try absent.disconnect()

        var will = Will(death, qos: 1)
        will.payload = payload
        let node = try RawClient(opening: broker, .v4, will: will)
        let begin = Self.milliseconds()
        node.abort()
        let first = try Self.timestamp(of: now, .v5, death, qos: 1)
        let second = try Self.timestamp(of: zero, .v4, death, qos: 0)
        #expect(begin <= first && begin <= second)
        #expect(max(first, second) <= Self.milliseconds())

        // Whoever comes back gets the time of that.
        let later = Self.milliseconds()
        let back = try RawClient(broker)
        back.send(Wire.connect(identifier, .v4, clean: false))
        try back.expect(Wire.connack(.v4, sessionPresent: true))
        back.speak(.v4)
        #expect(try Self.timestamp(of: back, .v4, death, qos: 1) >= later)

        try Self.expectUntouched(broker, zero, death)
    }

    /// What is no NDEATH, or has no timestamp, is delivered as it came.
    private static func expectUntouched(
        _ broker: Broker,
        _ reader: RawClient,
        _ death: String
    ) throws {
        let host = try RawClient(opening: broker, .v4)
        try host.subscribe(certificates + "#")
        let writer = try RawClient(opening: broker, .v4)
        let cases: [(String, Bytes)] = [
            ("spBv1.0/G/DDEATH/edge/device", Self.death(hex("01"))),
            ("spBv1.0/G/NDATA/edge", Self.death(hex("01"))), (death, []), (death, hex("12 00")),
            (death, hex("08")), (death, hex("08 01 12 7F")), (death, hex("08 01 0B")),
            (death, utf8("OFFLINE")), (death, Bytes(repeating: 0xFF, count: 70_000)),
            ("spBv1.0/G/NBIRTH/edge", Self.death(hex("01"))),
        ]
        for (topic, payload) in cases {
            writer.send(Wire.publish(.v4, topic, bytes: payload))
            try reader.expect(Wire.publish(.v4, topic, bytes: payload))
        }
        let birth = Wire.publish(
            .v4,
            certificates + "spBv1.0/G/NBIRTH/edge",
            bytes: Self.death(hex("01"))
        )
        try host.expect(birth)
    }

    private static func milliseconds() -> UInt64 { UInt64(Date().timeIntervalSince1970 * 1000) }

    /// Reads an NDEATH that must be `death` but for the timestamp, and returns that.
    private static func timestamp(
        of client: RawClient,
        _ version: Version,
        _ topic: String,
        qos: UInt8
    ) throws -> UInt64 {
        let packet = try client.readPacket()
        let empty = Wire.publish(version, topic, bytes: [], qos: qos, id: 1)
        let payload = Bytes(packet.dropFirst(empty.count))
        let timestamp = Bytes(payload.dropFirst().prefix(6))
        let expected = Wire.publish(version, topic, bytes: death(timestamp), qos: qos, id: 1)
        guard packet == expected else {
            throw Mismatch("not that NDEATH: \(hexText(packet)), but \(hexText(expected))")
        }
        return timestamp.reversed().reduce(0) { $0 << 7 | UInt64($1 & 0x7F) }
    }

    @Test("Without the option an NDEATH is delivered as it came")
    func untouchedDeath() throws {
        let broker = try Broker(Self.open, of: .own, workers: 1)
        let reader = try RawClient(opening: broker, .v4)
        try reader.subscribe("spBv1.0/#")
        var will = Will("spBv1.0/G/NDEATH/edge")
        will.payload = Self.death(hex("01"))
        let node = try RawClient(opening: broker, .v4, will: will)
        node.abort()
        try reader.expect(Wire.publish(.v4, will.topic, bytes: will.payload))
    }

    // MARK: Starting

    @Test(
        "Options that make no sense, or that a broker cannot do, stop the start",
        arguments: TestSupport.Broker.Program.installed,
        ["replace_ndeath_timestamp yes", "colour red", "replace_ndeath_timestamp true"]
    )
    func options(program: TestSupport.Broker.Program, option: String) throws {
        if program == .own, option.hasSuffix("true") { return }
        let error = #expect(throws: Mismatch.self) {
            try Broker(Self.open + "plugin_opt_\(option)\n", of: program, workers: 1)
        }
        let reason =
            switch (program, option.split(separator: " ")[1]) {
            case (_, "yes"): "Invalid plugin_opt_replace_ndeath_timestamp value 'yes'"
            case (.own, "red"): "has no option 'plugin_opt_colour'"
            case (_, "red"): "Unknown option 'colour'"
            default: "needs a broker of version 2.1"
            }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }
}

extension Bytes {
    /// The same field with its second byte, the length, set to what follows.
    fileprivate var replacingLength: Bytes { [self[0], UInt8(count - 2)] + self[2...] }
}

extension RawClient {
    /// Opens a session; the CONNACK may have any properties, since the original's differ.
    fileprivate convenience init(
        opening broker: TestSupport.Broker,
        _ version: Version,
        _ identifier: String = unique("c"),
        clean: Bool = true,
        username: String? = nil,
        will: Will? = nil,
        port: Int? = nil
    ) throws {
        try self.init(broker, port: port)
        send(
            Wire.connect(identifier, version, clean: clean, username: username, will: will)
        )
        let packet = try readPacket()
        guard packet.first == 0x20, packet.count > 3, packet[3] == 0 else {
            throw Mismatch("no CONNACK: \(hexText(packet))")
        }
        speak(version)
    }
}
