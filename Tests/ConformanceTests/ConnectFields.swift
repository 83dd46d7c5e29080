// SPDX-License-Identifier: Apache-2.0
// CONNECT: every field wrong once, and the fields that look wrong but are not.

import TestSupport
import Testing

@Suite("CONNECT")
struct ConnectFields {
    /// CONNACK of a refusal in version 5.
    static func refusal(_ reason: String) -> Reaction { .closeAfter("20 03 00 \(reason) 00") }

    static let name = Wire.string("n")
    static let success3 = Reaction.answer("20 02 00 00")

    static let headers: [Row] = [
        Row(
            "MQIsdp, reserved connect flag",
            .v3,
            rawConnect(name: "MQIsdp", level: 3, flags: 3),
            success3
        ),
        Row(
            "MQIsdp, no clean session",
            .v3,
            rawConnect(name: "MQIsdp", level: 3, flags: 0),
            success3
        ),
        Row(
            "MQIsdp, header flags",
            .v3,
            rawConnect(name: "MQIsdp", level: 3, first: 0x14),
            success3
        ),
        Row("header flags 1", .v4, rawConnect(first: 0x11), .close),
        Row("header flags 2", .v4, rawConnect(first: 0x12), .close),
        Row("header flags 4", .v4, rawConnect(first: 0x14), .close),
        Row("header flags 8", .v4, rawConnect(first: 0x18), .close),
        Row("header flags 1", .v5, rawConnect(level: 5, first: 0x11), .close),
        Row("reserved connect flag", .v4, rawConnect(flags: 3), .close),
        Row("reserved connect flag", .v5, rawConnect(level: 5, flags: 3), .close),
        Row("level 2", .v4, rawConnect(level: 2), refusal("84")),
        Row("level 6", .v4, rawConnect(level: 6), refusal("84")),
        Row("level 0", .v4, rawConnect(level: 0), refusal("84")),
        Row("MQIsdp level 2", .v3, rawConnect(name: "MQIsdp", level: 2), refusal("84")),
        Row("MQIsdp level 6", .v3, rawConnect(name: "MQIsdp", level: 6), refusal("84")),
        Row(
            "MQIsdp level 4",
            .v3,
            rawConnect(name: "MQIsdp", level: 4),
            .closeAfter("20 02 00 01")
        ),
        Row(
            "MQIsdp level 5",
            .v3,
            rawConnect(name: "MQIsdp", level: 5),
            .closeAfter("20 02 00 01")
        ),
        Row("MQTT level 3", .v3, rawConnect(level: 3), .closeAfter("20 02 00 01")),
        Row("MQTT level 85", .v5, rawConnect(level: 0x85), refusal("84")),
        Row("MQTT level 84, a bridge", .v4, rawConnect(level: 0x84), success3),
        Row("MQIsdp level 83, a bridge", .v3, rawConnect(name: "MQIsdp", level: 0x83), success3),
        Row("name MQT", .v4, rawConnect(name: "MQT"), .close),
        Row("name MQTTT", .v4, rawConnect(name: "MQTTT"), .close),
        Row("name MQTU", .v4, rawConnect(name: "MQTU"), .close),
        Row("name mqtt", .v4, rawConnect(name: "mqtt"), .close),
        Row("no name", .v4, rawConnect(name: ""), .close),
        Row("will QoS without will", .v4, rawConnect(flags: 0x0A), .close),
        Row("will retain without will", .v4, rawConnect(flags: 0x22), .close),
        Row("will QoS without will", .v5, rawConnect(level: 5, flags: 0x0A), .close),
        Row("will retain without will", .v5, rawConnect(level: 5, flags: 0x22), .close),
        Row("will QoS 3", .v4, rawConnect(flags: 0x1E, payload: name + name + name), .close),
        Row(
            "will QoS 3",
            .v5,
            rawConnect(level: 5, flags: 0x1E, payload: name + [0] + name + name),
            .close
        ),
        Row("nothing after the name", .v4, Wire.packet(0x10, Wire.string("MQTT")), .close),
        Row("no keep alive", .v4, Wire.packet(0x10, Wire.string("MQTT") + [4, 2]), .close),
        Row("no payload", .v4, rawConnect(payload: []), .close),
    ]

    // [MQTT-3.1.2-1] [MQTT-3.1.2-2] [MQTT-3.1.2-3] [MQTT-3.1.2-11] [MQTT-3.1.2-12] [MQTT-3.1.2-13]
    // [MQTT-3.1.3-3] [MQTT-3.1.4-1] [MQTT-3.2.2-7] [MQTT-3.2.2-8] [MQTT-4.13.2-1] [MQTT311-3.1.2-1]
    // [MQTT311-3.1.2-2] [MQTT311-3.1.2-3] [MQTT311-3.1.2-11] [MQTT311-3.1.2-13] [MQTT311-3.1.2-14]
    // [MQTT311-3.1.2-15] [MQTT311-3.1.3-3] [MQTT311-3.1.4-1] [MQTT311-3.2.2-6]
    @Test("[MQTT-3.1.2] The variable header of CONNECT is checked", arguments: headers, reactors)
    func header(row: Row, workers: Int) throws {
        try row.runBeforeConnect(on: Broker.shared(workers: workers))
    }

    static let payloads: [Row] = [
        Row(
            "empty client identifier",
            .v3,
            rawConnect(name: "MQIsdp", level: 3, payload: [0, 0]),
            .closeAfter("20 02 00 02")
        ),
        Row("empty client identifier, clean", .v4, rawConnect(payload: [0, 0]), success3),
        Row(
            "empty client identifier, not clean",
            .v4,
            rawConnect(flags: 0, payload: [0, 0]),
            .closeAfter("20 02 00 02")
        ),
        Row("will without topic", .v4, rawConnect(flags: 6), .close),
        Row("will without message", .v4, rawConnect(flags: 6, payload: name + name), .close),
        Row(
            "will with an empty topic",
            .v4,
            rawConnect(flags: 6, payload: name + [0, 0] + name),
            .close
        ),
        Row(
            "will with an empty topic",
            .v5,
            rawConnect(level: 5, flags: 6, payload: name + [0] + [0, 0] + name),
            refusal("82")
        ),
        Row(
            "will without message",
            .v5,
            rawConnect(level: 5, flags: 6, payload: name + [0] + name),
            refusal("81")
        ),
        Row(
            "will topic with wildcard",
            .v4,
            rawConnect(flags: 6, payload: name + Wire.string("a/+") + name),
            .close
        ),
        Row(
            "will topic with wildcard",
            .v5,
            rawConnect(level: 5, flags: 6, payload: name + [0] + Wire.string("#") + name),
            .close
        ),
        Row("username missing", .v4, rawConnect(flags: 0x82), .close),
        Row("password missing", .v4, rawConnect(flags: 0xC2, payload: name + name), .close),
        Row("username missing", .v5, rawConnect(level: 5, flags: 0x82), .close),
        Row(
            "password without username",
            .v4,
            rawConnect(flags: 0x42, payload: name + name),
            .close
        ),
        Row(
            "password without username",
            .v5,
            rawConnect(level: 5, flags: 0x42, payload: Wire.string("pw5") + name),
            .answer("20 0E 00 00 0B 22 00 0A 27 00 1E 84 80 21 00 14")
        ),
        Row(
            "empty username",
            .v4,
            rawConnect(flags: 0x82, payload: Wire.string("eu4") + [0, 0]),
            success3
        ),
        Row(
            "password with 00",
            .v4,
            rawConnect(flags: 0xC2, payload: Wire.string("pw4") + name + [0, 2, 0x61, 0]),
            success3
        ),
        Row("trailing bytes", .v4, rawConnect(payload: name + [0]), .close),
        Row("trailing bytes", .v5, rawConnect(level: 5, payload: name + [0]), refusal("81")),
    ]

    // [MQTT-3.1.2-9] [MQTT-3.1.2-16] [MQTT-3.1.2-17] [MQTT-3.1.2-18] [MQTT-3.1.2-19] [MQTT-3.1.3-1]
    // [MQTT-3.1.4-1] [MQTT311-3.1.2-9] [MQTT311-3.1.2-18] [MQTT311-3.1.2-19] [MQTT311-3.1.2-20]
    // [MQTT311-3.1.2-21] [MQTT311-3.1.2-22] [MQTT311-3.1.3-1] [MQTT311-3.1.3-8] [MQTT311-3.1.3-9]
    @Test("[MQTT-3.1.3] The payload of CONNECT is checked", arguments: payloads, reactors)
    func payload(row: Row, workers: Int) throws {
        try row.runBeforeConnect(on: Broker.shared(workers: workers))
    }

    /// Strings that are not allowed, by what is wrong with them.
    static let badStrings: [(String, Bytes)] = [
        ("NUL", hex("61 00 62")), ("U+0001", hex("01")), ("U+001F", hex("61 1F")),
        ("U+007F", hex("7F")), ("U+009F", hex("C2 9F")), ("surrogate", hex("ED A0 80")),
        ("last surrogate", hex("ED BF BF")), ("U+FFFF", hex("EF BF BF")),
        ("U+FDD0", hex("EF B7 90")), ("U+1FFFE", hex("F0 9F BF BE")), ("overlong", hex("C0 AF")),
        ("beyond U+10FFFF", hex("F4 90 80 80")), ("lone continuation", hex("80")),
        ("cut sequence", hex("61 E2 82")),
    ]

    static func stringRows(_ title: String, _ bytes: Bytes) -> [Row] {
        let bad = Wire.binary(bytes)
        let user = name + bad
        let will4 = name + bad + name
        let will5 = name + [0] + bad + name
        return [
            Row("client identifier: \(title)", .v4, rawConnect(payload: bad), .close),
            Row(
                "client identifier: \(title)",
                .v5,
                rawConnect(level: 5, payload: bad),
                refusal("85")
            ),
            Row("username: \(title)", .v4, rawConnect(flags: 0x82, payload: user), .close),
            Row(
                "username: \(title)",
                .v5,
                rawConnect(level: 5, flags: 0x82, payload: user),
                .close
            ),
            Row("will topic: \(title)", .v4, rawConnect(flags: 6, payload: will4), .close),
            Row(
                "will topic: \(title)",
                .v5,
                rawConnect(level: 5, flags: 6, payload: will5),
                .close
            ),
        ]
    }

    static let goodStrings: [Row] = [
        Row("U+2A6D4", .v4, rawConnect(payload: Wire.binary(hex("41 F0 AA 9B 94"))), success3),
        Row("byte order mark", .v4, rawConnect(payload: Wire.binary(hex("EF BB BF 41"))), success3),
    ]

    static let strings: [Row] = badStrings.flatMap { stringRows($0, $1) } + goodStrings

    // [MQTT-1.5.4-2] [MQTT-3.1.3-4] [MQTT-3.1.3-8] [MQTT-3.1.3-11] [MQTT-3.1.3-12]
    // [MQTT311-1.5.3-1] [MQTT311-1.5.3-2] [MQTT311-3.1.3-4] [MQTT311-3.1.3-10] [MQTT311-3.1.3-11]
    @Test(
        "[MQTT-1.5.4-1] Strings of CONNECT must be UTF-8 without control characters",
        arguments: strings,
        reactors
    )
    func string(row: Row, workers: Int) throws {
        try row.runBeforeConnect(on: Broker.shared(workers: workers))
    }

    static func withProperties(_ title: String, _ list: Bytes, _ reason: String) -> Row {
        Row(title, .v5, rawConnect(level: 5, properties: Wire.properties(list)), refusal(reason))
    }

    static let properties: [Row] =
        [
            withProperties("unknown property", [0x7F, 0], "81"),
            withProperties("property 0", [0], "81"),
            withProperties("truncated session expiry", hex("11 00 00"), "81"),
            withProperties("truncated user property", hex("26 0001 61"), "81"),
            Row(
                "over-long property length",
                .v5,
                rawConnect(level: 5, properties: hex("80 80 80 80 01")),
                refusal("81")
            ),
            Row(
                "property length beyond the packet",
                .v5,
                rawConnect(level: 5, properties: [0x7F], payload: []),
                refusal("81")
            ),
            withProperties("receive maximum 0", Property.receiveMaximum(0), "82"),
            withProperties("maximum packet size 0", Property.maximumPacketSize(0), "82"),
            withProperties("request response information 2", Property.requestResponse(2), "82"),
            withProperties("request problem information 2", Property.requestProblem(2), "82"),
            withProperties(
                "authentication data without method",
                Property.authenticationData([1]),
                "82"
            ),
            withProperties("payload format", Property.payloadFormat(0), "82"),
            withProperties("message expiry", Property.messageExpiry(1), "82"),
            withProperties("content type", Property.contentType("a"), "82"),
            withProperties("response topic", Property.responseTopic("a"), "82"),
            withProperties("correlation data", Property.correlationData([1]), "82"),
            withProperties("subscription identifier", Property.subscriptionIdentifier(1), "82"),
            withProperties(
                "assigned client identifier",
                Property.assignedClientIdentifier("a"),
                "82"
            ),
            withProperties("server keep alive", Property.serverKeepAlive(1), "82"),
            withProperties("will delay", Property.willDelay(1), "82"),
            withProperties("server reference", Property.serverReference("a"), "82"),
            withProperties("reason string", Property.reasonString("a"), "82"),
            withProperties("topic alias", Property.topicAlias(1), "82"),
            withProperties("maximum QoS", Property.maximumQoS(1), "82"),
            withProperties("retain available", Property.retainAvailable(1), "82"),
        ]

    static let twice: [(String, Bytes)] = [
        ("session expiry", Property.sessionExpiry(1)),
        ("receive maximum", Property.receiveMaximum(1)),
        ("maximum packet size", Property.maximumPacketSize(1000)),
        ("topic alias maximum", Property.topicAliasMaximum(1)),
        ("request response information", Property.requestResponse(1)),
        ("request problem information", Property.requestProblem(1)),
        ("authentication method", Property.authenticationMethod("a")),
    ]

    static let allProperties: [Row] =
        properties + twice.map { withProperties("\($0) twice", $1 + $1, "82") }

    @Test("Properties of CONNECT are checked", arguments: allProperties, reactors)
    func property(row: Row, workers: Int) throws {
        try row.runBeforeConnect(on: Broker.shared(workers: workers))
    }

    static let goodProperties: [(String, Bytes)] = [
        ("topic alias maximum 0", Property.topicAliasMaximum(0)),
        ("largest maximum packet size", Property.maximumPacketSize(0xFFFF_FFFF)),
        ("empty user property", Property.user("", "")),
        ("user property without value", Property.user("k", "")),
        ("repeated user property", Property.user("k", "v") + Property.user("k", "v")),
        ("session expiry never", Property.sessionExpiry(0)),
        ("request response information 1", Property.requestResponse(1)),
        ("request problem information 0", Property.requestProblem(0)),
    ]

    // [MQTT-3.1.2-28] [MQTT-3.2.2-19] [MQTT-3.2.2-20]
    @Test(
        "[MQTT-3.1.2] These properties of CONNECT are fine",
        arguments: 0..<goodProperties.count,
        reactors
    )
    func goodProperty(index: Int, workers: Int) throws {
        let client = try RawClient.connected(
            to: Broker.shared(workers: workers),
            unique("p"),
            .v5,
            properties: Self.goodProperties[index].1
        )
        try client.expectSilence()
    }

    static func withWill(_ title: String, _ list: Bytes, _ reason: String) -> Row {
        let payload = name + Wire.properties(list) + name + name
        return Row(title, .v5, rawConnect(level: 5, flags: 6, payload: payload), refusal(reason))
    }

    static let willProperties: [Row] = [
        withWill("truncated will delay", hex("18 00 00"), "81"),
        withWill("unknown property", [0x7F, 0], "81"),
        withWill("payload format 2", Property.payloadFormat(2), "82"),
        withWill("empty response topic", Property.responseTopic(""), "82"),
        withWill("response topic with wildcard", Property.responseTopic("a/+"), "82"),
        withWill("receive maximum", Property.receiveMaximum(1), "82"),
        withWill("topic alias", Property.topicAlias(1), "82"),
        withWill("subscription identifier", Property.subscriptionIdentifier(1), "82"),
        withWill("reason string", Property.reasonString("a"), "82"),
        withWill("session expiry", Property.sessionExpiry(1), "82"),
        withWill("will delay twice", Property.willDelay(1) + Property.willDelay(1), "82"),
        withWill(
            "payload format twice",
            Property.payloadFormat(1) + Property.payloadFormat(1),
            "82"
        ),
        withWill("content type twice", Property.contentType("a") + Property.contentType("a"), "82"),
        withWill(
            "message expiry twice",
            Property.messageExpiry(1) + Property.messageExpiry(1),
            "82"
        ),
    ]

    @Test("[MQTT-3.1.3.2] Will properties are checked", arguments: willProperties, reactors)
    func willProperty(row: Row, workers: Int) throws {
        try row.runBeforeConnect(on: Broker.shared(workers: workers))
    }

    @Test(
        "[MQTT-3.1.3.2] Empty content type and correlation data are fine in a will",
        arguments: reactors
    )
    func emptyWillProperties(workers: Int) throws {
        let will = Will(
            unique("w"),
            "x",
            properties: Property.contentType("") + Property.correlationData([])
                + Property.user("", "")
        )
        let client = try RawClient.connected(
            to: Broker.shared(workers: workers),
            unique("w"),
            .v5,
            will: will
        )
        try client.disconnect()
    }

    // [MQTT-3.2.0-2] [MQTT311-3.1.0-2]
    @Test(
        "[MQTT-3.1.0-2] A second CONNECT closes the connection",
        arguments: Version.allCases,
        reactors
    )
    func second(version: Version, workers: Int) throws {
        let client = try RawClient.connected(
            to: Broker.shared(workers: workers),
            unique("twice"),
            version
        )
        client.send(Wire.connect(unique("twice"), version))
        try client.expectClosed()
    }

    // [MQTT-3.1.2-8] [MQTT311-3.1.2-8] [MQTT-3.1.2-23] [MQTT311-3.1.2-4]
    @Test(
        "A second CONNECT publishes the will, and the session stays as it was to",
        arguments: Version.allCases,
        reactors
    )
    func secondWithWill(version: Version, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (id, topic) = (unique("twice"), unique("t"))
        let watcher = try RawClient.connected(to: broker)
        try watcher.subscribe(topic + "/#")
        let properties = version == .v5 ? Property.sessionExpiry(100) : []
        let client = try RawClient.connected(
            to: broker,
            id,
            version,
            clean: false,
            properties: properties,
            will: Will(topic + "/will", "gone")
        )
        try client.subscribe(topic + "/kept", 1)
        client.send(Wire.connect(id, version, clean: true))
        try client.expectClosed()
        try watcher.expectPublish(topic + "/will", "gone")
        let publisher = try RawClient.connected(to: broker)
        try publisher.publish1(topic + "/kept", "m")
        try watcher.expectPublish(topic + "/kept", "m")
        let again = try RawClient.connected(
            to: broker,
            id,
            version,
            clean: false,
            properties: properties,
            sessionPresent: version != .v3
        )
        try again.take1(topic + "/kept", "m", id: 1)
        try again.disconnect()
    }

    @Test(
        "[MQTT-3.1.2-24] A CONNACK larger than the client accepts is not sent",
        arguments: reactors
    )
    func tooSmall(workers: Int) throws {
        let client = try RawClient(Broker.shared(workers: workers))
        client.send(Wire.connect(unique("small"), .v5, properties: Property.maximumPacketSize(2)))
        try client.expectClosed()
    }

    @Test(
        "[MQTT-4.12.0-1] Without a plugin every authentication method is refused",
        arguments: reactors
    )
    func authenticationMethod(workers: Int) throws {
        let client = try RawClient(Broker.shared(workers: workers))
        client.send(
            Wire.connect(unique("m"), .v5, properties: Property.authenticationMethod("basic"))
        )
        try client.expectClosed(after: hex("20 03 00 8C 00"))
    }

    @Test("A client identifier of 65535 bytes is accepted", arguments: Version.allCases, reactors)
    func longIdentifier(version: Version, workers: Int) throws {
        let stem = unique("long")
        let id = stem + String(repeating: "x", count: 65535 - stem.utf8.count)
        let client = try RawClient.connected(to: Broker.shared(workers: workers), id, version)
        try client.disconnect()
    }
}
