// SPDX-License-Identifier: Apache-2.0
// Numbers of one to four bytes.

import MQTT
import Testing

@Suite("Variable Byte Integers")
struct VariableByteIntegerTests {
    private func decode(_ bytes: [UInt8], at offset: Int = 0) -> [Int] {
        let (value, length) = VariableByteInteger.decode(bytes.span.bytes, at: offset)
        return [value, length]
    }

    @Test(
        "[MQTT-1.5.5-1] What is written is as short as can be, and reads back",
        arguments: [
            (0, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3), (2_097_151, 3), (2_097_152, 4),
            (268_435_455, 4),
        ]
    )
    func roundTrip(value: Int, length: Int) {
        var bytes: [UInt8] = [0xFF]
        VariableByteInteger.encode(value) { bytes.append($0) }
        #expect(bytes.count == 1 + length)
        #expect(VariableByteInteger.length(value) == length)
        bytes.append(0xFF)
        #expect(decode(bytes, at: 1) == [value, length])
    }

    @Test(
        "What is cut off or goes on after four bytes has no value",
        arguments: [[], [0x80], [0xFF, 0xFF, 0xFF], [0x80, 0x80, 0x80, 0x80, 0x01]]
    )
    func incomplete(bytes: [UInt8]) {
        #expect(decode(bytes) == [0, 0])
    }

    @Test("A longer form than needed has its value")
    func overlong() {
        #expect(decode([0x81, 0x00]) == [1, 2])
        #expect(decode([0xFF, 0xFF, 0xFF, 0x7F]) == [268_435_455, 4])
    }
}
