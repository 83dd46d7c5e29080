// SPDX-License-Identifier: Apache-2.0
// The fast path: PUBLISH packets that differ in payload and identifier alone, taken as bytes.

import Glibc
import MQTT

extension PublishBatch {
    func noteWire(_ packet: UnsafeRawBufferPointer?, payloadCount: Int, isV5: Bool) {
        guard let packet, !isRetained else {
            wire = nil
            return
        }
        let headSize = 1 + VariableByteInteger.decode(packet.bytes, at: 1).length
        let size = headSize + overhead(isV5: isV5) + payloadCount
        let isCoalescible = packet.count == size
        if count == 0 {
            wire = WirePackets(
                bytes: packet,
                isV5: isV5,
                packetSizeMax: packet.count,
                isCoalescible: isCoalescible
            )
        } else if let known = wire,
            known.bytes.baseAddress.map({ $0 + known.bytes.count }) == packet.baseAddress
        {
            wire?.bytes = UnsafeRawBufferPointer(
                start: known.bytes.baseAddress,
                count: known.bytes.count + packet.count
            )
            wire?.packetSizeMax = max(known.packetSizeMax, packet.count)
            wire?.isCoalescible = known.isCoalescible && isCoalescible
        } else {
            wire = nil
        }
    }

    /// Bytes of a plain packet besides fixed header and payload: the topic with its length, the
    /// packet identifier, the length of no properties.
    private func overhead(isV5: Bool) -> Int {
        2 + topicCount + (qos == 0 ? 0 : 2) + (isV5 ? 1 : 0)
    }

    /// Takes further PUBLISH packets off the front of `bytes` for as long as they differ from the
    /// last one in payload and packet identifier only.
    ///
    /// Returns how many bytes were taken.
    ///
    /// This loop is where a stream of small messages spends its time: it touches nothing but the
    /// bytes and the entries. Everything it does not recognise is left to the ordinary way.
    func coalesce(_ bytes: UnsafeRawBufferPointer, payloadMax: Int, packetMax: Int) -> Int {
        guard isOpen, let known = wire, !isRetained, purpose != .release,
            let base = bytes.baseAddress,
            known.bytes.baseAddress.map({ $0 + known.bytes.count }) == base,
            let topic = topicBytes.baseAddress
        else { return 0 }
        let firstByte = 0x30 | qos << 1
        let topicCount = topicCount
        let identifierSize = qos == 0 ? 0 : 2
        let isV5 = known.isV5
        let overhead = overhead(isV5: isV5)
        let limit = Self.entriesMax
        var index = count
        var offset = 0
        var payloadSum = 0
        var wireEnd = known.bytes.count
        var largest = known.packetSizeMax
        while index < limit, bytes.count - offset >= 2, bytes[offset] == firstByte {
            let (length, lengthSize) = VariableByteInteger.decode(bytes.bytes, at: offset + 1)
            let body = offset + 1 + lengthSize
            guard lengthSize > 0, length >= overhead,
                1 + lengthSize + length <= packetMax, length <= bytes.count - body,
                length - overhead <= payloadMax,
                Int(bytes[body]) << 8 | Int(bytes[body + 1]) == topicCount,
                memcmp(base + body + 2, topic, topicCount) == 0
            else { break }
            var place = body + 2 + topicCount
            var identifier: UInt16 = 0
            if identifierSize > 0 {
                identifier = UInt16(bytes[place]) << 8 | UInt16(bytes[place + 1])
                place += 2
                if identifier == 0 { break }
            }
            if isV5 {
                if bytes[place] != 0 { break }
                place += 1
            }
            let size = 1 + lengthSize + length
            wireEnd += size
            largest = max(largest, size)
            entries[index] = BatchEntry(
                payload: base + place,
                payloadCount: length - overhead,
                properties: UnsafeRawBufferPointer(start: nil, count: 0),
                expiresAt: 0,
                wireEnd: wireEnd,
                packetIdentifier: identifier
            )
            payloadSum += length - overhead
            index += 1
            offset += size
        }
        count = index
        payloadByteCount += payloadSum
        wire = WirePackets(
            bytes: UnsafeRawBufferPointer(start: known.bytes.baseAddress, count: wireEnd),
            isV5: isV5,
            packetSizeMax: largest,
            isCoalescible: known.isCoalescible
        )
        return offset
    }

    /// Takes the packets of a batch of another reactor, which has coalesced them before.
    func takeAll(_ packets: UnsafeRawBufferPointer, isV5: Bool) {
        assert(isEmpty, "the batch has just begun")
        wire = WirePackets(
            bytes: UnsafeRawBufferPointer(rebasing: packets[..<0]),
            isV5: isV5,
            packetSizeMax: 0,
            isCoalescible: true
        )
        let taken = coalesce(packets, payloadMax: .max, packetMax: .max)
        precondition(taken == packets.count, "both reactors read a packet in the same way")
    }
}
