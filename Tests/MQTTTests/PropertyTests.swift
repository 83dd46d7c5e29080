// SPDX-License-Identifier: Apache-2.0
// The property table, the walk over encoded properties, and the writer.

import MQTT
import Testing

@Suite("Properties")
struct PropertyTests {
    /// Table 2-4 of the specification: identifier, type, packets.
    static let table: [(UInt8, PropertyValueType, Set<PropertyScope>)] = [
        (0x01, .byte, [.publish]), (0x02, .fourByteInteger, [.publish]),
        (0x03, .string, [.publish]), (0x08, .string, [.publish]), (0x09, .binary, [.publish]),
        (0x0B, .variableByteInteger, [.publish, .subscribe]),
        (0x11, .fourByteInteger, [.connect, .connack, .disconnect]), (0x12, .string, [.connack]),
        (0x13, .twoByteInteger, [.connack]), (0x15, .string, [.connect, .connack, .auth]),
        (0x16, .binary, [.connect, .connack, .auth]), (0x17, .byte, [.connect]),
        (0x18, .fourByteInteger, [.will]), (0x19, .byte, [.connect]), (0x1A, .string, [.connack]),
        (0x1C, .string, [.connack, .disconnect]),
        (
            0x1F, .string,
            [
                .connack, .puback, .pubrec, .pubrel, .pubcomp, .suback, .unsuback, .disconnect,
                .auth,
            ]
        ),
        (0x21, .twoByteInteger, [.connect, .connack]),
        (0x22, .twoByteInteger, [.connect, .connack]),
        (0x23, .twoByteInteger, [.publish]), (0x24, .byte, [.connack]), (0x25, .byte, [.connack]),
        (0x26, .stringPair, Set(PropertyScope.allCases)),
        (0x27, .fourByteInteger, [.connect, .connack]), (0x28, .byte, [.connack]),
        (0x29, .byte, [.connack]), (0x2A, .byte, [.connack]),
    ]

    /// Those of PUBLISH that a will has as well.
    static let alsoInWill: Set<UInt8> = [0x01, 0x02, 0x03, 0x08, 0x09]

    @Test("The table is that of the specification")
    func tableIsComplete() {
        #expect(Self.table.map(\.0) == PropertyIdentifier.allCases.map(\.rawValue))
        for (code, type, scopes) in Self.table {
            guard let identifier = PropertyIdentifier(rawValue: code) else {
                Issue.record("0x\(String(code, radix: 16)) is unknown")
                continue
            }
            #expect(identifier.valueType == type)
            let expected = Self.alsoInWill.contains(code) ? scopes.union([.will]) : scopes
            let allowed = PropertyScope.allCases.filter { identifier.isAllowed(in: $0) }
            #expect(Set(allowed) == expected)
        }
    }

    static var oneOfEachType: PropertyWriter {
        var writer = PropertyWriter()
        writer.append(.payloadFormatIndicator, byte: 1)
        writer.append(.topicAlias, twoByteInteger: 0x0102)
        writer.append(.messageExpiryInterval, fourByteInteger: 0x0102_0304)
        writer.append(.subscriptionIdentifier, variableByteInteger: 300)
        writer.append(.correlationData, binary: [7, 8])
        writer.append(.contentType, string: "é")
        writer.append(.responseTopic, utf8: [0x72])
        writer.appendUserProperty(name: "n", value: "v")
        writer.appendUserProperty(name: [0x6E], value: [])
        return writer
    }

    @Test("Every type is written and read")
    func roundTrip() {
        let bytes = Self.oneOfEachType.bytes
        let expected = hex(
            """
            01 01 23 0102 02 01020304 0b ac02 09 00020708 03 0002c3a9 08 000172
            26 00016e 000176 26 00016e 0000
            """
        )
        #expect(bytes == expected)
        let (list, isMalformed) = walk(bytes)
        var end = 0
        for property in list {
            #expect(property.encoded.lowerBound == end)
            end = property.encoded.upperBound
        }
        #expect(end == bytes.count)
        #expect(!isMalformed)
        let expectedValues: [PropertyValue] = [
            .byte(1), .twoByteInteger(0x0102), .fourByteInteger(0x0102_0304),
            .variableByteInteger(300), .binary(16..<18), .string(21..<23), .string(26..<27),
            .stringPair(30..<31, 33..<34), .stringPair(37..<38, 40..<40),
        ]
        #expect(list.map(\.value) == expectedValues)
    }

    @Test("A list cut off at any byte ends as malformed, but between properties")
    func truncated() {
        let bytes = Self.oneOfEachType.bytes
        let ends = Set([0] + walk(bytes).list.map(\.encoded.upperBound))
        for count in 0...bytes.count {
            let part = [UInt8](bytes[..<count])
            let (list, isMalformed) = walk(part)
            #expect(isMalformed == !ends.contains(count))
            #expect(list.count == ends.filter { $0 > 0 && $0 <= count }.count)
        }
    }

    @Test("A value of another type is not written")
    func wrongType() {
        var writer = PropertyWriter()
        let wasWritten = [
            writer.append(.topicAlias, byte: 1),
            writer.append(.topicAlias, fourByteInteger: 1),
            writer.append(.payloadFormatIndicator, twoByteInteger: 1),
            writer.append(.contentType, binary: []),
            writer.append(.correlationData, string: ""),
            writer.append(.userProperty, utf8: []),
            writer.append(.topicAlias, variableByteInteger: 1),
            writer.append(.subscriptionIdentifier, variableByteInteger: 268_435_456),
        ]
        #expect(!wasWritten.contains(true))
        #expect(writer.bytes.isEmpty)
    }

    @Test(
        "[MQTT-1.5.5-1] Variable Byte Integers have one form",
        arguments: [0, 127, 128, 268_435_455]
    )
    func variableByteIntegers(value: Int) {
        var bytes: [UInt8] = []
        bytes.appendVariableByteInteger(value)
        #expect(bytes.count == VariableByteInteger.length(value))
        #expect(readVariableByteInteger(bytes) == (UInt32(value), 0))
        bytes[bytes.count - 1] |= 0x80
        bytes.append(0)
        #expect(readVariableByteInteger(bytes).value == nil)
    }

    @Test("Strings and data longer than 65535 bytes are cut, strings between characters")
    func cut() {
        var bytes: [UInt8] = []
        bytes.appendBinary([UInt8](repeating: 1, count: 65_536))
        #expect(bytes.count == 65_537)
        bytes = []
        bytes.appendString(String(repeating: "a", count: 65_535))
        #expect(bytes.count == 65_537)
        bytes = []
        bytes.appendString(String(repeating: "a", count: 65_536))
        #expect(bytes.count == 65_537)
        bytes = []
        bytes.appendString("a" + String(repeating: "é", count: 40_000))
        #expect(bytes.count == 65_537)
        bytes = []
        bytes.appendString(String(repeating: "é", count: 40_000))
        #expect(bytes.count == 65_536)
        #expect(readString(bytes) == 2..<65_536)
    }
}
