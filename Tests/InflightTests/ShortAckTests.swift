// SPDX-License-Identifier: Apache-2.0
// Acknowledgements in their short forms.

import Inflight
import MQTT
import Testing

@Suite("Short acknowledgements")
struct ShortAckTests {
    @Test(
        "What is written in place is what is written at length",
        arguments: [PacketType.puback, .pubrec, .pubrel, .pubcomp],
        [ReasonCode.success, .unspecifiedError, .noMatchingSubscribers]
    )
    func sameBytes(type: PacketType, reason: ReasonCode) {
        var long: [UInt8] = []
        long.appendAck(type, packetIdentifier: 0x1234, reasonCode: reason, version: .v5)
        let short = [UInt8](unsafeUninitializedCapacity: 8) { buffer, count in
            count = ShortAck.byteCount(reason)
            guard let base = buffer.baseAddress else { return }
            ShortAck.write(ShortAck.firstByte(type), 0x1234, reason, to: base)
        }
        #expect(short == long)
    }
}
