// SPDX-License-Identifier: Apache-2.0
// The packets of a run in one outgoing form.

import MQTT
import Net

/// The packets of a run, one after the other, for one protocol family and QoS.
///
/// Either the bytes that came from the publisher, or an encoding of its own, kept in storage that
/// is used again. Invariant: valid from `adopt` or `encode` until the run is reset.
final class PacketVariant {
    private(set) var isReady = false
    private(set) var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Bytes of the largest packet.
    private(set) var packetSizeMax = 0
    /// Where the packet identifier of each packet lies; of use for QoS 1 and 2 only.
    private(set) var identifierOffsets: [Int32] = []
    private var storage = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var lasting: SharedBytes?

    deinit { storage.deallocate() }

    /// The packets in memory that outlives the run; copied once for all who could not take them.
    func shared() -> SharedBytes {
        if let lasting { return lasting }
        let copy = SharedBytes(copying: bytes)
        lasting = copy
        return copy
    }

    /// Ends the use of the packets.
    func reset() {
        guard isReady else { return }
        isReady = false
        lasting = nil
    }

    /// Uses the packets as they arrived.
    func adopt(_ run: UnsafePublishRun) {
        isReady = true
        bytes = run.wire
        packetSizeMax = run.wirePacketMax
        guard run.qos > 0 else { return }
        identifierOffsets.removeAll(keepingCapacity: true)
        var start = 0
        for index in 0..<run.count {
            let end = run[index].wireEnd
            let header = 1 + Self.lengthSize(bytes, at: start + 1)
            identifierOffsets.append(Int32(start + header + 2 + run.topicCount))
            start = end
        }
    }

    private static func lengthSize(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
        for size in 1..<4 where bytes[offset + size - 1] < 0x80 { return size }
        return 4
    }

    /// Encodes every packet.
    func encode(_ run: UnsafePublishRun, isV5: Bool, qos: UInt8, now: Int64) {
        isReady = true
        packetSizeMax = 0
        identifierOffsets.removeAll(keepingCapacity: true)
        var total = 0
        for index in 0..<run.count {
            total += encoder(run, index, isV5: isV5, qos: qos, now: now).encodedSize
        }
        if storage.count < total {
            storage.deallocate()
            storage = .allocate(byteCount: BufferSize.rounded(total), alignment: 16)
        }
        guard let base = storage.baseAddress else { return }
        var offset = 0
        for index in 0..<run.count {
            let encoder = encoder(run, index, isV5: isV5, qos: qos, now: now)
            let size = encoder.encodedSize
            let identifier = encoder.write(to: base + offset)
            if qos > 0 { identifierOffsets.append(Int32(offset + identifier)) }
            packetSizeMax = max(packetSizeMax, size)
            offset += size
        }
        bytes = UnsafeRawBufferPointer(start: base, count: total)
    }

    private func encoder(
        _ run: UnsafePublishRun,
        _ index: Int,
        isV5: Bool,
        qos: UInt8,
        now: Int64
    ) -> UnsafePublishEncoder {
        let entry = run[index]
        return UnsafePublishEncoder(
            topic: run.topic,
            properties: entry.properties,
            payload: UnsafeRawBufferPointer(start: entry.payload, count: entry.payloadCount),
            isV5: isV5,
            qos: qos,
            messageExpiryInterval: isV5 ? remainingSeconds(entry.expiresAt, now) : 0
        )
    }
}

/// Sizes of buffers that are used again.
enum BufferSize {
    /// The next power of two, at least 4 KiB.
    static func rounded(_ count: Int) -> Int {
        var size = 4 << 10
        while size < count { size *= 2 }
        return size
    }
}

/// What remains of a message expiry interval; 0 where none is sent.
@inline(__always)
func remainingSeconds(_ expiresAt: Int64, _ now: Int64) -> UInt32 {
    expiresAt == 0 ? 0 : UInt32(clamping: max(0, expiresAt - now))
}
