// SPDX-License-Identifier: Apache-2.0
// The machine's rules one by one.

import ClientMachine
import MQTT
import TestSupport
import Testing

@Suite("MQTTClientMachine")
struct MachineTests {
    private static func connect(
        _ version: ProtocolVersion = .v5,
        _ connack: String = "20 03 00 00 00",
        _ change: (inout ConnectPacket) -> Void = { _ in }
    ) -> MachineDriver {
        let driver = MachineDriver()
        var packet = ConnectPacket(version: version, clientIdentifier: "c")
        change(&packet)
        driver.connect(packet)
        _ = driver.takeOutput()
        driver.feed(hex(version == .v5 ? connack : "20 02 00 00"))
        return driver
    }

    private static func message(
        _ topic: String,
        _ payload: String = "",
        qos: UInt8 = 0,
        isRetained: Bool = false
    ) -> OutgoingPublish {
        OutgoingPublish(
            topic: utf8(topic),
            payload: utf8(payload),
            qos: qos,
            isRetained: isRetained
        )
    }

    // MARK: Handshake

    @Test("CONNECT says what the packet says", arguments: [ProtocolVersion.v31, .v311, .v5])
    func connect(version: ProtocolVersion) {
        let driver = MachineDriver()
        var packet = ConnectPacket(version: version, clientIdentifier: "c")
        packet.will = Will(topic: utf8("w"), payload: utf8("x"), qos: 1, isRetained: true)
        driver.connect(packet)
        var expected: [UInt8] = []
        expected.appendConnect(packet)
        #expect(driver.takeOutput() == expected)
        #expect(driver.deadline == 5000)
        driver.tick(4999)
        #expect(driver.end == .open)
        driver.tick(5000)
        #expect(driver.events == ["failed: no CONNACK in time"])
    }

    @Test("A refusal ends the connection and is told", arguments: [UInt8(1), 2, 3, 4, 5])
    func refused(code: UInt8) {
        for version in [ProtocolVersion.v31, .v311, .v5] {
            let driver = MachineDriver()
            driver.connect(ConnectPacket(version: version, clientIdentifier: "c"))
            driver.feed([0x20, 2, 0, code])
            #expect(driver.events == ["refused \(code)"])
            #expect(driver.end == .refused)
        }
    }

    @Test("CONNACK's properties are the limits of the connection")
    func limits() throws {
        let driver = Self.connect(
            .v5,
            "20 1B 00 00 18 13 000A 21 0007 22 0003 24 01 25 00 27 00000064 28 00 29 00 2A 00"
        )
        let limits = try #require(driver.limits)
        #expect(limits.keepAlive == 10)
        #expect(limits.receiveMaximum == 7)
        #expect(limits.topicAliasMaximum == 3)
        #expect(limits.maximumQoS == 1)
        #expect(!limits.isRetainAvailable)
        #expect(limits.maximumPacketSize == 100)
        #expect(!limits.isWildcardAvailable)
        #expect(!limits.isSubscriptionIdentifierAvailable)
        #expect(!limits.isSharedAvailable)
        #expect(driver.deadline == 10_000)
        driver.publish(Self.message("t", "x", qos: 2, isRetained: true))
        driver.pump()
        #expect(driver.takeOutput() == hex("32 0A 0001 74 0001 03 23 0001 78"))
        driver.publish(Self.message("t", String(repeating: "x", count: 100), qos: 1))
        driver.pump()
        #expect(driver.events == ["connected false", "too large"])
        #expect(driver.unfinishedCount == 1)
        #expect(throws: RequestError.notAvailable) {
            try driver.subscribe([(utf8("a/#"), SubscriptionOptions(qos: 0))])
        }
        #expect(throws: RequestError.notAvailable) {
            try driver.subscribe([(utf8("$share/a/b"), SubscriptionOptions(qos: 0))])
        }
        #expect(throws: RequestError.notAvailable) {
            try driver.subscribe(
                [(utf8("a"), SubscriptionOptions(qos: 0))],
                properties: [0x0B, 0x01]
            )
        }
    }

    @Test("The server's choice of a client identifier is known")
    func assigned() {
        let driver = Self.connect(.v5, "20 08 00 00 05 12 0002 6162") { $0.clientIdentifier = "" }
        #expect(driver.limits?.clientIdentifier == "ab")
    }

    // MARK: Authentication

    @Test("Authentication goes on until CONNACK, and again later")
    func authentication() {
        let driver = MachineDriver()
        var packet = ConnectPacket(version: .v5, clientIdentifier: "c")
        packet.authenticationMethod = "m"
        driver.connect(packet)
        _ = driver.takeOutput()
        driver.feed(hex("F0 0A 18 08 15 0001 6D 16 0001 07"))
        #expect(driver.events == ["challenge [7]"])
        driver.authenticate([8])
        #expect(driver.takeOutput() == hex("F0 0A 18 08 15 0001 6D 16 0001 08"))
        driver.feed(hex("20 07 00 00 04 15 0001 6D"))
        #expect(driver.stage == .connected)
        #expect(driver.reauthenticate([1]))
        #expect(!driver.reauthenticate([1]), "one at a time")
        #expect(driver.takeOutput() == hex("F0 0A 19 08 15 0001 6D 16 0001 01"))
        // Messages go on meanwhile.
        driver.feed(hex("30 05 0001 61 00 78"))
        driver.feed(hex("F0 06 18 04 15 0001 6D"))
        driver.authenticate([2])
        driver.feed(hex("F0 06 00 04 15 0001 6D"))
        #expect(driver.events.suffix(2) == ["challenge []", "reauthenticated []"])
        #expect(driver.arrived.count == 1)
    }

    @Test("Without a method there is no authentication")
    func noMethod() {
        let driver = Self.connect()
        driver.authenticate([1])
        #expect(!driver.reauthenticate([1]))
        #expect(driver.takeOutput().isEmpty)
    }

    // MARK: Keep alive

    @Test("PINGREQ is due after the interval, the end after another one without a byte")
    func keepAlive() {
        let driver = Self.connect { $0.keepAlive = 10 }
        driver.tick(9999)
        #expect(driver.takeOutput().isEmpty)
        driver.tick(10_000)
        #expect(driver.takeOutput() == [0xC0, 0])
        driver.tick(15_000)
        driver.feed(hex("30 04 0001 61 00"))
        #expect(driver.deadline == 25_000)
        driver.tick(24_999)
        #expect(driver.end == .open)
        driver.feed([0xD0, 0])
        #expect(driver.deadline == 20_000)
        driver.tick(35_000)
        #expect(driver.takeOutput() == [0xC0, 0])
        driver.tick(45_000)
        #expect(driver.events.last == "failed: no answer to PINGREQ")
        #expect(driver.takeOutput() == [0xE0, 1, 0x8D])
    }

    @Test("Keep alive 0 asks for nothing")
    func noKeepAlive() {
        let driver = Self.connect { $0.keepAlive = 0 }
        #expect(driver.deadline == nil)
    }

    // MARK: Messages

    @Test("Aliases are set and used both ways")
    func aliases() {
        let driver = Self.connect(.v5, "20 06 00 00 03 22 0001") { $0.topicAliasMaximum = 2 }
        for topic in ["a", "a", "b"] { driver.publish(Self.message(topic, topic)) }
        driver.pump()
        #expect(
            driver.takeOutput()
                == hex("30 08 0001 61 03 23 0001 61  30 07 0000 03 23 0001 61  30 05 0001 62 00 62")
        )
        driver.feed(hex("30 07 0001 61 03 23 0002  30 06 0000 03 23 0002"))
        driver.feed(hex("30 07 0001 62 03 23 0002  30 06 0000 03 23 0002"))
        #expect(driver.arrived.map(\.topic) == ["a", "a", "b", "b"])
    }

    @Test("Another topic of the same length is no part of a stretch")
    func otherTopic() {
        let driver = Self.connect()
        driver.feed(hex("30 04 0001 61 00  30 04 0001 61 00  30 04 0001 62 00  30 04 0001 23 00"))
        #expect(driver.arrived.map(\.topic) == ["a", "a", "b"])
        #expect(driver.stretchCount == 1)
        #expect(driver.end == .failed, "a topic is looked at wherever it stands")
    }

    @Test("A server that sends more at once than it may is noticed and served")
    func excess() {
        let driver = Self.connect { $0.receiveMaximum = 3 }
        driver.holdsAnswers = true
        for id in 1...3 { driver.feed([0x32, 6, 0, 1, 0x61, 0, UInt8(id), 0]) }
        driver.answer()
        #expect(driver.takeOutput() == hex("40 02 0001 40 02 0002 40 02 0003"))
        #expect(!driver.hasExcess)
        let four = (4...7).flatMap { [0x32, 6, 0, 1, 0x61, 0, UInt8($0), 0] as [UInt8] }
        driver.feed(four)
        #expect(driver.hasExcess)
        #expect(driver.arrived.count == 7)
        #expect(driver.end == .open)
    }

    @Test("A refused message is over, and 5.0 is told why")
    func refusal() {
        let driver = Self.connect { $0.receiveMaximum = 1 }
        driver.refusal = .notAuthorized
        driver.feed(hex("34 06 0001 61 0001 00"))
        driver.feed(hex("34 06 0001 61 0001 00"))
        #expect(driver.takeOutput() == hex("50 03 0001 87 50 03 0001 87"))
        #expect(driver.unreleasedCount == 0)
        #expect(driver.end == .open)
    }

    @Test("PUBREL for nothing is answered", arguments: [ProtocolVersion.v311, .v5])
    func unknownRelease(version: ProtocolVersion) {
        let driver = Self.connect(version)
        driver.feed(hex("62 02 0009"))
        #expect(driver.takeOutput() == hex(version == .v5 ? "70 03 0009 92" : "70 02 0009"))
        driver.feed(hex("50 02 0009"))
        #expect(driver.takeOutput() == hex(version == .v5 ? "62 03 0009 92" : "62 02 0009"))
        driver.feed(hex("40 02 0009 70 02 0009"))
        #expect(driver.end == .open)
        #expect(driver.takeOutput().isEmpty)
    }

    @Test("What was under way is repeated with DUP in the server's session, as new in another one")
    func resume() {
        for isPresent in [true, false] {
            let driver = Self.connect { $0.isCleanStart = false }
            driver.publish(Self.message("t", "1", qos: 1))
            driver.publish(Self.message("t", "2", qos: 2))
            driver.publish(Self.message("t", "3", qos: 2))
            driver.pump()
            driver.feed(hex("50 02 0003"))
            driver.cut()
            #expect(driver.end == .cut)
            var packet = ConnectPacket(version: .v5, clientIdentifier: "c")
            packet.isCleanStart = false
            driver.connect(packet)
            _ = driver.takeOutput()
            driver.feed([0x20, 3, isPresent ? 1 : 0, 0, 0])
            driver.pump()
            let first: UInt8 = isPresent ? 0x3A : 0x32
            let second: UInt8 = isPresent ? 0x3C : 0x34
            #expect(
                driver.takeOutput()
                    == [first, 7, 0, 1, 0x74, 0, 1, 0, 0x31, second, 7, 0, 1, 0x74, 0, 2, 0, 0x32]
                    + hex("62 02 0003")
            )
        }
    }

    @Test("Releases wait where the driver wants that")
    func heldRelease() {
        let driver = MachineDriver()
        driver.connect(ConnectPacket(version: .v5, clientIdentifier: "c"), releasesAtOnce: false)
        driver.feed(hex("20 03 00 00 00"))
        driver.publish(Self.message("t", qos: 2))
        driver.pump()
        _ = driver.takeOutput()
        driver.feed(hex("50 02 0001"))
        #expect(driver.takeOutput().isEmpty)
        driver.answer()
        #expect(driver.takeOutput() == hex("62 02 0001"))
        driver.feed(hex("70 02 0001"))
        #expect(driver.unfinishedCount == 0)
        #expect(driver.reasons == [.success])
    }

    @Test("The server's reasons are told")
    func reasons() {
        let driver = Self.connect()
        for qos in [UInt8(1), 1, 2] { driver.publish(Self.message("t", qos: qos)) }
        driver.pump()
        driver.feed(hex("40 03 0001 10  40 04 0002 87 00  50 03 0003 97"))
        #expect(driver.reasons.map(\.rawValue) == [0x10, 0x87, 0x97])
        #expect(driver.unfinishedCount == 0)
    }

    // MARK: Requests

    @Test("Requests have identifiers of their own, and their answers are matched")
    func requests() throws {
        let driver = Self.connect()
        driver.publish(Self.message("t", qos: 1))
        driver.pump()
        let first = try driver.subscribe([(utf8("a"), SubscriptionOptions(qos: 1))])
        let second = try driver.unsubscribe([utf8("b"), utf8("c")])
        #expect(first != second && first != 1 && second != 1)
        func packet(_ type: UInt8, _ id: UInt16, _ rest: String) -> [UInt8] {
            let body = [UInt8(id >> 8), UInt8(id & 0xFF)] + hex(rest)
            return [type, UInt8(body.count)] + body
        }
        driver.feed(packet(0xB0, second, "00 00 11") + packet(0x90, first, "00 01"))
        #expect(driver.events.suffix(2) == ["unsubscribed [0, 17]", "subscribed [1]"])
        // Answered once.
        driver.feed(packet(0x90, first, "00 01"))
        #expect(driver.end == .failed)
    }

    @Test("A number of codes that is not that of the filters ends the connection")
    func codeCount() throws {
        let driver = Self.connect()
        let id = try driver.subscribe([(utf8("a"), SubscriptionOptions(qos: 1))])
        driver.feed([0x90, 5, UInt8(id >> 8), UInt8(id & 0xFF), 0, 0, 0])
        #expect(driver.end == .failed)
    }

    @Test("Bad filters are not sent", arguments: ["", "a/#/b", "a+"])
    func badFilter(filter: String) {
        let driver = Self.connect()
        _ = driver.takeOutput()
        #expect(throws: RequestError.invalidFilter) {
            try driver.subscribe([(utf8(filter), SubscriptionOptions(qos: 1))])
        }
        #expect(throws: RequestError.invalidFilter) { try driver.unsubscribe([utf8(filter)]) }
        #expect(throws: RequestError.invalidFilter) { try driver.subscribe([]) }
        #expect(driver.takeOutput().isEmpty)
    }

    // MARK: Ends

    @Test("DISCONNECT of either side ends the connection", arguments: [ProtocolVersion.v311, .v5])
    func disconnect(version: ProtocolVersion) {
        let driver = Self.connect(version)
        driver.disconnect(.disconnectWithWillMessage)
        #expect(driver.takeOutput() == (version == .v5 ? [0xE0, 1, 4] : [0xE0, 0]))
        #expect(driver.end == .byClient)
        driver.disconnect()
        #expect(driver.takeOutput().isEmpty)
        #expect(throws: RequestError.notConnected) { try driver.unsubscribe([utf8("a")]) }
    }

    @Test("A server of 5.0 says why it ends the connection")
    func serverDisconnect() {
        let driver = Self.connect()
        driver.feed(hex("E0 01 8B 30 04 0001 61 00"))
        #expect(driver.events.last == "disconnected 139")
        #expect(driver.end == .byServer)
        #expect(driver.arrived.isEmpty)
    }
}
