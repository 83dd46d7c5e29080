// SPDX-License-Identifier: Apache-2.0
// PUBLISH packets with QoS 0, written where they go.

import MQTT

/// Writes PUBLISH packets with QoS 0 into memory of others; topic and properties stay where they are.
struct UnsafePublishWriter {
    private let topic: UnsafeRawBufferPointer
    private let properties: UnsafeRawBufferPointer
    private let isV5: Bool
    private let firstByte: UInt8
    private let overhead: Int

    init(
        topic: UnsafeRawBufferPointer,
        properties: UnsafeRawBufferPointer,
        isV5: Bool,
        isRetained: Bool
    ) {
        self.topic = topic
        self.properties = isV5 ? properties : UnsafeRawBufferPointer(start: nil, count: 0)
        self.isV5 = isV5
        firstByte = isRetained ? 0x31 : 0x30
        let count = self.properties.count
        overhead = 2 + topic.count + (isV5 ? VariableByteInteger.length(count) + count : 0)
    }

    /// Bytes of the packet with such a payload; nil where there is no such packet.
    func packetLength(_ payloadCount: Int) -> Int? {
        let count = overhead + payloadCount
        guard count <= VariableByteInteger.max, topic.count <= 0xFFFF else { return nil }
        return 1 + VariableByteInteger.length(count) + count
    }

    /// Writes a packet to memory of exactly its length.
    func write(_ payload: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer) {
        assert(target.count == packetLength(payload.count), "the packet fills its memory")
        target[0] = firstByte
        var offset = 1
        VariableByteInteger.encode(overhead + payload.count) { byte in
            target[offset] = byte
            offset += 1
        }
        target[offset] = UInt8(topic.count >> 8)
        target[offset + 1] = UInt8(truncatingIfNeeded: topic.count)
        offset += 2
        copy(topic, to: target, &offset)
        if isV5 {
            VariableByteInteger.encode(properties.count) { byte in
                target[offset] = byte
                offset += 1
            }
            copy(properties, to: target, &offset)
        }
        assert(offset + payload.count == target.count, "the payload is last")
        UnsafeMutableRawBufferPointer(rebasing: target[offset...]).copyMemory(from: payload)
    }

    private func copy(
        _ bytes: UnsafeRawBufferPointer,
        to target: UnsafeMutableRawBufferPointer,
        _ offset: inout Int
    ) {
        let end = offset + bytes.count
        UnsafeMutableRawBufferPointer(rebasing: target[offset..<end]).copyMemory(from: bytes)
        offset = end
    }
}
