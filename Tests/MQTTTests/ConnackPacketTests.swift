// SPDX-License-Identifier: Apache-2.0
// CONNACK: what is written can be read.

import MQTT
import Testing

@Suite("CONNACK")
struct ConnackPacketTests {
    func encode(_ packet: ConnackPacket, _ version: ProtocolVersion) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendConnack(packet, version: version)
        return bytes
    }

    @Test("The default success is exactly this, byte for byte")
    func defaultSuccess() {
        var packet = ConnackPacket(reasonCode: .success)
        packet.topicAliasMaximum = 10
        packet.maximumPacketSize = 2_000_000
        packet.receiveMaximum = 20
        #expect(encode(packet, .v5) == hex("20 0e 00 00 0b 22 00 0a 27 00 1e 84 80 21 00 14"))
        #expect(encode(packet, .v311) == hex("20 02 00 00"))
    }

    @Test("[MQTT-3.2.2-6] Session Present only with success, and never for 3.1")
    func sessionPresent() {
        let packet = ConnackPacket(reasonCode: .success, isSessionPresent: true)
        #expect(encode(packet, .v31) == hex("20 02 00 00"))
        #expect(encode(packet, .v311) == hex("20 02 01 00"))
        #expect(encode(packet, .v5) == hex("20 03 01 00 00"))
        let error = ConnackPacket(reasonCode: ReasonCode(rawValue: 5), isSessionPresent: true)
        #expect(encode(error, .v311) == hex("20 02 00 05"))
    }

    @Test("[MQTT311-3.2.2-4] A refusal of 3.1.1 has a code and no session", arguments: 1...5)
    func refusals(code: UInt8) throws {
        var bytes: [UInt8] = []
        bytes.appendConnack(try #require(ConnectReturnCode(rawValue: code)))
        #expect(bytes == [0x20, 0x02, 0x00, code])
    }

    @Test("Errors carry no properties but Maximum QoS")
    func errors() {
        var packet = ConnackPacket(reasonCode: .unsupportedProtocolVersion)
        #expect(encode(packet, .v5) == hex("20 03 00 84 00"))
        packet.maximumQoS = 1
        #expect(encode(packet, .v5) == hex("20 05 00 84 02 24 01"))
    }

    @Test("All properties are in the original's order and round-trip")
    func roundTrip() throws {
        var packet = ConnackPacket(reasonCode: .success, isSessionPresent: true)
        packet.sessionExpiryInterval = 9
        packet.serverKeepAlive = 100
        packet.topicAliasMaximum = 1
        packet.assignedClientIdentifier = "a"
        packet.authenticationMethod = "m"
        packet.authenticationData = [1]
        packet.isRetainAvailable = false
        packet.maximumPacketSize = 2
        packet.receiveMaximum = 3
        packet.maximumQoS = 0
        packet.otherProperties = [0x26] + lengthPrefixed("k") + lengthPrefixed("v")
        let order = hex(
            "11 00000009 13 0064 22 0001 12 000161 15 00016d 16 000101 25 00 27 00000002 21 0003 24 00"
        )
        #expect(packet.encodedProperties == order + packet.otherProperties)
        let content = body(of: encode(packet, .v5))
        #expect(try decodeConnack(content, .v5) == packet)
        for count in 0..<content.count where count != 2 {
            #expect(throws: PacketError.self) {
                let part = [UInt8](content[..<count])
                _ = try decodeConnack(part, .v5)
            }
        }
    }

    @Test("A refusal in the form of 3.1.1 is understood by a client that offered 5.0")
    func refusedAs311() throws {
        let packet = try decodeConnack(hex("00 01"), .v5)
        #expect(packet.reasonCode.rawValue == 1)
    }
}
