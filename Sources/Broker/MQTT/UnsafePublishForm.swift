// SPDX-License-Identifier: Apache-2.0
// PUBLISH packets that differ in payload and identifier alone, read in place.

public import Glibc

/// One PUBLISH of a stretch of alike ones; offsets count from the bytes it was read from.
@usableFromInline
package struct PlainPublish: Sendable {
    /// Where the payload begins.
    @usableFromInline package let payloadOffset: Int
    /// Bytes of the payload.
    @usableFromInline package let payloadCount: Int
    /// Bytes of the whole packet.
    @usableFromInline package let byteCount: Int
    /// The packet identifier; 0 exactly for QoS 0.
    @usableFromInline package let packetIdentifier: UInt16

    @inlinable
    init(payloadOffset: Int, payloadCount: Int, byteCount: Int, packetIdentifier: UInt16) {
        self.payloadOffset = payloadOffset
        self.payloadCount = payloadCount
        self.byteCount = byteCount
        self.packetIdentifier = packetIdentifier
    }
}

/// What the PUBLISH packets of a stretch have in common: topic and QoS, and that they have neither
/// RETAIN nor DUP nor properties.
///
/// Brokers and clients read streams of small messages with it: no more is looked at than has to be.
/// Everything it does not recognise is left to `PublishPacket`, which knows what is wrong with it.
///
/// Invariant: the bytes of the topic are lent for as long as the form is used; every offset is
/// checked against the length of the bytes before it is loaded from.
@safe @usableFromInline
package struct UnsafePublishForm {
    @usableFromInline let topic: UnsafeRawPointer
    @usableFromInline let topicCount: Int
    @usableFromInline let firstByte: UInt8
    @usableFromInline let isV5: Bool
    /// Bytes besides fixed header and payload: the topic with its length, the packet identifier, the
    /// length of no properties.
    @usableFromInline package let overhead: Int

    /// The packets of this topic and QoS; nil for no topic.
    @inlinable
    package init?(topic: UnsafeRawBufferPointer, qos: UInt8, isV5: Bool) {
        assert(qos <= 2, "QoS is 0 to 2")
        guard let start = topic.baseAddress, unsafe !topic.isEmpty else { return nil }
        unsafe self.topic = unsafe start
        topicCount = topic.count
        firstByte = 0x30 | qos << 1
        self.isV5 = isV5
        overhead = 2 + topicCount + (qos == 0 ? 0 : 2) + (isV5 ? 1 : 0)
    }

    /// The packet at an offset if it is whole, has this form, and is not longer than allowed.
    ///
    /// Inlined into the loops over a stretch, which spend their time here.
    @inlinable @inline(__always)
    package func read(
        _ bytes: UnsafeRawBufferPointer,
        at offset: Int,
        payloadMax: Int,
        packetMax: Int
    ) -> PlainPublish? {
        guard bytes.count - offset >= 2, let base = bytes.baseAddress,
            unsafe bytes[offset] == firstByte
        else { return nil }
        let (length, lengthSize) = VariableByteInteger.decode(unsafe bytes.bytes, at: offset + 1)
        let body = offset + 1 + lengthSize
        guard lengthSize > 0, length >= overhead,
            1 + lengthSize + length <= packetMax, length <= bytes.count - body,
            length - overhead <= payloadMax,
            unsafe Int(bytes[body]) << 8 | Int(bytes[body + 1]) == topicCount,
            unsafe memcmp(base + body + 2, topic, topicCount) == 0
        else { return nil }
        var place = body + 2 + topicCount
        var identifier: UInt16 = 0
        if firstByte != 0x30 {
            identifier = unsafe UInt16(bytes[place]) << 8 | UInt16(bytes[place + 1])
            place += 2
            if identifier == 0 { return nil }
        }
        if isV5 {
            if unsafe bytes[place] != 0 { return nil }
            place += 1
        }
        return PlainPublish(
            payloadOffset: place,
            payloadCount: length - overhead,
            byteCount: 1 + lengthSize + length,
            packetIdentifier: identifier
        )
    }
}
