// SPDX-License-Identifier: Apache-2.0
// PUBLISH packets, written straight into an output buffer.

import MQTT

/// The shape of one outgoing PUBLISH (5.0 section 3.3): computes its size, then writes it.
///
/// Properties go out as the publisher sent them, then Message Expiry Interval, Topic Alias and
/// Subscription Identifier: the order of the original, which recorded traffic is compared with.
struct UnsafePublishEncoder {
    var topic: UnsafeRawBufferPointer
    let properties: UnsafeRawBufferPointer
    let payload: UnsafeRawBufferPointer
    let isV5: Bool
    let qos: UInt8
    /// DUP and RETAIN bits of the first byte.
    var flags: UInt8 = 0
    var packetIdentifier: UInt16 = 0
    /// Remaining seconds; `Expiry.untold`: no such property.
    var messageExpiryInterval = Expiry.untold
    /// 0: no such property.
    var topicAlias: UInt16 = 0
    /// 0: no such property.
    var subscriptionIdentifier: UInt32 = 0

    static let duplicate: UInt8 = 8
    static let retain: UInt8 = 1

    private var propertiesLength: Int {
        var length = properties.count
        if messageExpiryInterval != Expiry.untold { length += 5 }
        if topicAlias != 0 { length += 3 }
        if subscriptionIdentifier != 0 {
            length += 1 + VariableByteInteger.length(Int(subscriptionIdentifier))
        }
        return length
    }

    /// The value of the Remaining Length field.
    @inline(__always)
    var remainingLength: Int {
        var length = 2 + topic.count + payload.count
        if qos > 0 { length += 2 }
        if isV5 {
            let inner = propertiesLength
            length += VariableByteInteger.length(inner) + inner
        }
        return length
    }

    /// Bytes of the whole packet.
    @inline(__always)
    var encodedSize: Int {
        let remaining = remainingLength
        return 1 + VariableByteInteger.length(remaining) + remaining
    }

    /// Writes the packet, `encodedSize` bytes.
    ///
    /// Returns where the packet identifier lies.
    @discardableResult
    func write(to start: UnsafeMutableRawPointer) -> Int {
        var place = start
        let identifierOffset = writeHead(to: &place, from: start)
        Self.copy(payload, &place)
        assert(place - start == encodedSize, "the packet fills the room that was made for it")
        return identifierOffset
    }

    /// Writes everything before the payload.
    func writeHead(to start: UnsafeMutableRawPointer) {
        var place = start
        _ = writeHead(to: &place, from: start)
    }

    private func writeHead(
        to place: inout UnsafeMutableRawPointer,
        from start: UnsafeMutableRawPointer
    ) -> Int {
        Self.store(0x30 | qos << 1 | flags, &place)
        Self.store(variableByteInteger: remainingLength, &place)
        Self.store(UInt16(topic.count), &place)
        Self.copy(topic, &place)
        let identifierOffset = place - start
        if qos > 0 { Self.store(packetIdentifier, &place) }
        if isV5 { writeProperties(&place) }
        return identifierOffset
    }

    private func writeProperties(_ place: inout UnsafeMutableRawPointer) {
        Self.store(variableByteInteger: propertiesLength, &place)
        Self.copy(properties, &place)
        if messageExpiryInterval != Expiry.untold {
            Self.store(UInt8(0x02), &place)
            place.storeBytes(of: messageExpiryInterval.bigEndian, as: UInt32.self)
            place += 4
        }
        if topicAlias != 0 {
            Self.store(UInt8(0x23), &place)
            Self.store(topicAlias, &place)
        }
        if subscriptionIdentifier != 0 {
            Self.store(UInt8(0x0B), &place)
            Self.store(variableByteInteger: Int(subscriptionIdentifier), &place)
        }
    }

    @inline(__always)
    private static func store(_ byte: UInt8, _ place: inout UnsafeMutableRawPointer) {
        place.storeBytes(of: byte, as: UInt8.self)
        place += 1
    }

    @inline(__always)
    static func store(_ value: UInt16, _ place: inout UnsafeMutableRawPointer) {
        place.storeBytes(of: value.bigEndian, as: UInt16.self)
        place += 2
    }

    @inline(__always)
    private static func store(
        variableByteInteger value: Int,
        _ place: inout UnsafeMutableRawPointer
    ) {
        VariableByteInteger.encode(value) { store($0, &place) }
    }

    @inline(__always)
    private static func copy(
        _ bytes: UnsafeRawBufferPointer,
        _ place: inout UnsafeMutableRawPointer
    ) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        place.copyMemory(from: base, byteCount: bytes.count)
        place += bytes.count
    }
}
