// SPDX-License-Identifier: Apache-2.0
// The fast path: PUBLISH packets that differ in payload and identifier alone, taken as bytes.

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
            let form = UnsafePublishForm(topic: topic, qos: qos, isV5: known.isV5)
        else { return 0 }
        let limit = Self.entriesMax
        var index = count
        var offset = 0
        var payloadSum = 0
        var wireEnd = known.bytes.count
        var largest = known.packetSizeMax
        while index < limit,
            let publish = form.read(bytes, at: offset, payloadMax: payloadMax, packetMax: packetMax)
        {
            wireEnd += publish.byteCount
            largest = max(largest, publish.byteCount)
            entries[index] = BatchEntry(
                payload: base + publish.payloadOffset,
                payloadCount: publish.payloadCount,
                properties: UnsafeRawBufferPointer(start: nil, count: 0),
                expiresAt: 0,
                wireEnd: wireEnd,
                packetIdentifier: publish.packetIdentifier
            )
            payloadSum += publish.payloadCount
            index += 1
            offset += publish.byteCount
        }
        count = index
        payloadByteCount += payloadSum
        wire = WirePackets(
            bytes: UnsafeRawBufferPointer(start: known.bytes.baseAddress, count: wireEnd),
            isV5: known.isV5,
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
