// SPDX-License-Identifier: Apache-2.0
// PUBACK, PUBREC, PUBREL and PUBCOMP, there and back.

import MQTT
import Testing

@Suite("PUBACK, PUBREC, PUBREL, PUBCOMP")
struct AckPacketTests {
    static let types: [PacketType] = [.puback, .pubrec, .pubrel, .pubcomp]

    /// The codes each type may have [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1].
    static func defined(_ type: PacketType) -> Set<UInt8> {
        type == .puback || type == .pubrec
            ? [0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99] : [0x00, 0x92]
    }

    @Test("Exactly the defined reason codes are accepted, the others are 0x82", arguments: types)
    func reasonCodes(type: PacketType) throws {
        for code in 0...255 as ClosedRange<UInt8> {
            let content: [UInt8] = [0x12, 0x34, code]
            let isDefined = Self.defined(type).contains(code)
            #expect(Outcome(ack: content, type, .v5) == (isDefined ? .accepted : .code(0x82)))
            guard isDefined else { continue }
            var bytes: [UInt8] = []
            bytes.appendAck(
                type,
                packetIdentifier: 0x1234,
                reasonCode: ReasonCode(rawValue: code),
                version: .v5
            )
            #expect(bytes.count == (code == 0 ? 4 : 5))
            let decoded = try AckPacket(
                decoding: body(of: bytes).rawBytes,
                type: type,
                version: .v5
            )
            #expect(decoded.packetIdentifier == 0x1234)
            #expect(decoded.reasonCode.rawValue == code)
        }
    }

    @Test(
        "Forms of the body",
        arguments: [
            ("", Outcome.code(0x81), Outcome.close), ("01", .code(0x81), .close),
            ("00 01", .accepted, .accepted), ("00 00", .code(0x82), .close),
            ("00 01 00", .accepted, .close), ("00 01 00 00", .accepted, .close),
            ("00 01 00 01", .code(0x81), .close), ("00 01 00 00 00", .code(0x81), .close),
            ("00 01 00 04 1f 00 01 61", .accepted, .close),
            ("00 01 00 07 26 00 01 61 00 01 62", .accepted, .close),
            ("00 01 00 08 1f 00 01 61 1f 00 01 61", .code(0x82), .close),
            ("00 01 00 05 02 00 00 00 01", .code(0x82), .close),
            ("00 01 00 03 1f 00 01", .code(0x81), .close),
            ("00 01 00 02 7f 00", .code(0x81), .close),
        ]
    )
    func forms(text: String, v5: Outcome, before: Outcome) {
        for type in Self.types {
            #expect(Outcome(ack: hex(text), type, .v5) == v5)
            #expect(Outcome(ack: hex(text), type, .v311) == before)
            #expect(Outcome(ack: hex(text), type, .v31) == before)
        }
    }

    @Test("The broker's forms are the short ones")
    func encoded() {
        func ack(_ type: PacketType, _ code: ReasonCode, _ version: ProtocolVersion) -> [UInt8] {
            var bytes: [UInt8] = []
            bytes.appendAck(type, packetIdentifier: 1, reasonCode: code, version: version)
            return bytes
        }
        #expect(ack(.puback, .success, .v5) == hex("40 02 00 01"))
        #expect(ack(.puback, .noMatchingSubscribers, .v5) == hex("40 03 00 01 10"))
        #expect(ack(.puback, .noMatchingSubscribers, .v311) == hex("40 02 00 01"))
        #expect(ack(.pubrec, .success, .v5) == hex("50 02 00 01"))
        #expect(ack(.pubrel, .success, .v5) == hex("62 02 00 01"))
        #expect(ack(.pubcomp, .success, .v5) == hex("70 02 00 01"))
    }

    @Test("A reason string is written and read")
    func reasonString() {
        var writer = PropertyWriter()
        writer.append(.reasonString, string: "why")
        var bytes: [UInt8] = []
        bytes.appendAck(.puback, packetIdentifier: 1, properties: writer.bytes, version: .v5)
        #expect(bytes == hex("40 0a 00 01 00 06 1f 00 03 77 68 79"))
        #expect(Outcome(ack: body(of: bytes), .puback, .v5) == .accepted)
    }
}
