// SPDX-License-Identifier: Apache-2.0
// DISCONNECT and AUTH, there and back.

import MQTT
import Testing

@Suite("DISCONNECT and AUTH")
struct DisconnectAndAuthTests {
    @Test(
        "DISCONNECT bodies: 5.0, 3.1.1",
        arguments: [
            ("", Outcome.accepted, Outcome.accepted), ("00", .accepted, .close),
            ("04", .accepted, .close), ("ff", .accepted, .close), ("8e 00", .accepted, .close),
            ("00 05 11 00 00 00 0a", .accepted, .close), ("00 04 1f 00 01 61", .accepted, .close),
            ("00 04 1c 00 01 61", .accepted, .close), ("00 05 26 00 00 00 00", .accepted, .close),
            ("00 03 21 00 01", .code(0x82), .close), ("00 02 7f 00", .code(0x81), .close),
            ("00 03 11 00 00", .code(0x81), .close), ("00 05", .code(0x81), .close),
            ("00 0a 11 00 00 00 0a 11 00 00 00 0a", .code(0x82), .close),
            ("00 00 00", .code(0x82), .close),
        ]
    )
    func disconnect(text: String, v5: Outcome, v311: Outcome) {
        #expect(Outcome(disconnect: hex(text), .v5) == v5)
        #expect(Outcome(disconnect: hex(text), .v311) == v311)
        #expect(Outcome(disconnect: hex(text), .v31) == v311)
    }

    @Test("DISCONNECT hands out its properties")
    func disconnectProperties() throws {
        let content = hex("04 0b 11 00 00 00 0a 1f 00 03 77 68 79")
        let packet = try DisconnectPacket(decoding: content.rawBytes, version: .v5)
        #expect(packet.reasonCode == .disconnectWithWillMessage)
        #expect(packet.sessionExpiryInterval == 10)
        #expect(packet.reasonString.map { [UInt8](content[$0]) } == [UInt8]("why".utf8))
        #expect(packet.serverReference == nil)
    }

    @Test("The broker's DISCONNECT is a code and nothing else, and empty without one")
    func disconnectEncoded() {
        var bytes: [UInt8] = []
        bytes.appendDisconnect(.sessionTakenOver, version: .v5)
        #expect(bytes == hex("e0 01 8e"))
        bytes = []
        bytes.appendDisconnect(version: .v5)
        #expect(bytes == hex("e0 00"))
        bytes = []
        bytes.appendDisconnect(.sessionTakenOver, version: .v311)
        #expect(bytes == hex("e0 00"))
        bytes = []
        bytes.appendDisconnect(properties: hex("11 00 00 00 0a"), version: .v5)
        #expect(bytes == hex("e0 07 00 05 11 00 00 00 0a"))
        #expect(Outcome(disconnect: body(of: bytes), .v5) == .accepted)
    }

    @Test("AUTH round-trips")
    func authRoundTrip() throws {
        var bytes: [UInt8] = []
        bytes.appendAuth(.continueAuthentication, method: "m", data: [1, 2])
        #expect(bytes == hex("f0 0b 18 09 15 00 01 6d 16 00 02 01 02"))
        let packet = try AuthPacket(decoding: body(of: bytes).rawBytes)
        #expect(packet.reasonCode == .continueAuthentication)
        #expect(packet.authenticationMethod == "m")
        #expect(packet.authenticationData == [1, 2])
    }

    @Test(
        "AUTH refusals",
        arguments: [
            ("", 0x82), ("00", 0x82), ("00 04 15 00 01 6d", 0x82), ("1a 04 15 00 01 6d", 0x82),
            ("18", 0x82), ("18 00", 0x82), ("19 03 16 00 00", 0x82), ("18 04 15 00 02 6d", 0x81),
            ("18 08 15 00 01 6d 15 00 01 6d", 0x82), ("18 07 15 00 01 6d 23 00 01", 0x82),
            ("18 04 15 00 01 6d 00", 0x81), ("18 05 15 00 01 6d", 0x81), ("18 ff", 0x81),
            ("18 02 7f 00", 0x81), ("18 03 15 00 0d", 0x81),
        ] as [(String, UInt8)]
    )
    func authRefusals(text: String, code: UInt8) {
        #expect(Outcome(auth: hex(text)) == .code(code))
    }

    @Test("A client takes an AUTH with success from its broker")
    func authAsClient() {
        #expect(Outcome(auth: [], receiver: .client) == .accepted)
        #expect(Outcome(auth: hex("00 04 15 00 01 6d"), receiver: .client) == .accepted)
    }
}
