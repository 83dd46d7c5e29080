// SPDX-License-Identifier: Apache-2.0
// Framing and the rules that need no body.

import MQTT
import Testing

@Suite("Fixed header")
struct FixedHeaderTests {
    @Test(
        "[MQTT-1.5.5-1] A remaining length is read in one to four bytes",
        arguments: [
            ("30 00", 2, 0), ("30 7f", 2, 127), ("30 80 01", 3, 128), ("30 ff 7f", 3, 16_383),
            ("30 80 80 01", 4, 16_384), ("30 ff ff 7f", 4, 2_097_151),
            ("30 80 80 80 01", 5, 2_097_152), ("30 ff ff ff 7f", 5, 268_435_455),
        ]
    )
    func remainingLength(text: String, headerLength: Int, length: Int) {
        let bytes = hex(text)
        let expected = FixedHeader(
            firstByte: 0x30,
            headerLength: headerLength,
            remainingLength: length
        )
        #expect(parseHeader(bytes) == .header(expected))
        #expect(VariableByteInteger.length(length) == headerLength - 1)
        for count in 0..<bytes.count {
            let part = [UInt8](bytes[..<count])
            #expect(parseHeader(part) == .needsMore)
        }
        var encoded: [UInt8] = []
        encoded.appendVariableByteInteger(length)
        #expect(encoded == [UInt8](bytes[1...]))
    }

    @Test(
        "The bytes of a Variable Byte Integer are counted as they are written, also beyond its limit",
        arguments: [
            (0, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3), (2_097_151, 3), (2_097_152, 4),
            (VariableByteInteger.max, 4), (VariableByteInteger.max + 1, 5), (1 << 35 - 1, 5),
        ]
    )
    func lengthOfLength(value: Int, count: Int) {
        #expect(VariableByteInteger.length(value) == count)
        #expect(packetLengthMax == 268_435_460)
    }

    @Test("A remaining length in more bytes than needed is accepted, up to four")
    func longForm() {
        let bytes = hex("c0 80 80 80 00")
        let expected = FixedHeader(firstByte: 0xC0, headerLength: 5, remainingLength: 0)
        #expect(parseHeader(bytes) == .header(expected))
    }

    @Test("A fifth length byte is malformed as soon as the fourth says so")
    func fiveBytes() {
        #expect(parseHeader(hex("30 ff ff ff ff")) == .malformed)
        #expect(parseHeader(hex("30 80 80 80 80 01")) == .malformed)
    }

    @Test("The reserved type 0 is refused from its first byte on")
    func typeZero() {
        let expected = FixedHeader(firstByte: 0x05, headerLength: 1, remainingLength: 0)
        #expect(parseHeader([0x05]) == .header(expected))
        #expect(expected.type == nil)
        #expect(check("05", .v5) == .code(0x82))
        #expect(check("05", .v311) == .close)
    }

    /// Checks the header in hex as a broker.
    func check(
        _ text: String,
        _ version: ProtocolVersion,
        maximum: Int = 0,
        receiver: PacketReceiver = .broker
    ) -> Outcome {
        guard case .header(let header) = parseHeader(hex(text)) else {
            return .close
        }
        return Outcome { () throws(PacketError) in
            try checkFixedHeader(
                header,
                version: version,
                maximumPacketSize: maximum,
                receiver: receiver
            )
        }
    }

    @Test(
        "[MQTT-2.1.3-1] Wrong flags are 0x81 in 5.0 and close the connection before",
        arguments: ["c1 00", "41 02", "51 02", "60 02", "71 02", "80 05", "a0 05", "e1 00"]
    )
    func wrongFlags(text: String) {
        #expect(check(text, .v5) == .code(0x81))
        #expect(check(text, .v311) == .close)
    }

    @Test("3.1 clients may repeat PUBREL with any flags")
    func oldPubrel() {
        #expect(check("6a 02", .v31) == .accepted)
        #expect(check("6a 02", .v311) == .close)
        #expect(check("6a 02", .v5) == .code(0x81))
        #expect(check("62 02", .v5) == .accepted)
    }

    @Test(
        "Right flags are accepted",
        arguments: [
            "c0 00", "40 02", "50 02", "62 02", "70 02", "82 05", "a2 05", "e0 00", "3f 05",
        ]
    )
    func rightFlags(text: String) {
        #expect(check(text, .v31) == .accepted)
        #expect(check(text, .v311) == .accepted)
        #expect(check(text, .v5) == .accepted)
    }

    @Test(
        "Packets only a server sends are 0x82, whatever their body",
        arguments: ["20 02", "20 00", "21 02", "90 03", "b0 02", "d0 00", "f1 00"]
    )
    func serverOnly(text: String) {
        #expect(check(text, .v5) == .code(0x82))
        #expect(check(text, .v311) == .close)
        #expect(check(text, .v31) == .close)
    }

    @Test("Wrong flags on SUBACK, UNSUBACK and PINGRESP come before their direction")
    func serverOnlyFlags() {
        for text in ["91 03", "b2 02", "d8 00"] { #expect(check(text, .v5) == .code(0x81)) }
    }

    @Test("A client may receive what only a server sends, and nothing else")
    func asClient() {
        for text in ["20 02", "90 03", "b0 02", "d0 00", "30 05", "40 02"] {
            #expect(check(text, .v311, receiver: .client) == .accepted)
            #expect(check(text, .v5, receiver: .client) == .accepted)
        }
        #expect(check("e0 00", .v5, receiver: .client) == .accepted)
        #expect(check("e0 00", .v311, receiver: .client) == .close)
        #expect(check("82 05", .v5, receiver: .client) == .code(0x82))
        #expect(check("c0 00", .v5, receiver: .client) == .code(0x82))
    }

    @Test("AUTH exists in 5.0 only, a second CONNECT nowhere")
    func authAndConnect() {
        #expect(check("f0 02", .v5) == .accepted)
        #expect(check("f0 02", .v311) == .close)
        #expect(check("10 0c", .v5) == .close)
        #expect(check("10 0c", .v311) == .close)
    }

    @Test("Lengths that no packet of the type may have close the connection")
    func lengthLimits() {
        for text in ["40 01", "40 03", "50 00", "62 04", "70 03", "e0 01", "c0 01", "b0 03"] {
            #expect(check(text, .v311) == .close)
        }
        #expect(check("c0 01", .v5) == .close)
        #expect(check("d0 01", .v5) == .close)
        // 10000 and 10001, 100000 and 100001.
        for first in ["40", "50", "62", "70", "e0"] {
            #expect(check(first + "90 4e", .v5) == .accepted)
            #expect(check(first + "91 4e", .v5) == .close)
        }
        for first in ["82", "a2", "f0"] {
            #expect(check(first + "a0 8d 06", .v5) == .accepted)
            #expect(check(first + "a1 8d 06", .v5) == .close)
        }
        #expect(check("82 a1 8d 06", .v311) == .accepted)
    }

    @Test("[MQTT-3.1.2-24] The whole packet is compared with the maximum packet size")
    func maximumPacketSize() {
        #expect(check("30 62", .v5, maximum: 100) == .accepted)
        #expect(check("30 63", .v5, maximum: 100) == .code(0x95))
        #expect(check("30 63", .v311, maximum: 100) == .close)
        #expect(check("30 c5 01", .v5, maximum: 200) == .accepted)
        #expect(check("30 c6 01", .v5, maximum: 200) == .code(0x95))
        #expect(check("30 ff ff ff 7f", .v5) == .accepted)
        // The type's own limit closes silently before.
        #expect(check("c0 70", .v5, maximum: 100) == .close)
        #expect(check("41 70", .v5, maximum: 100) == .code(0x95))
    }
}
