// SPDX-License-Identifier: Apache-2.0
// The packets of a batch in one outgoing form.

import MQTT
import Net

/// The packets of a batch, one after the other, for one protocol family and QoS.
///
/// Either the bytes that came from the publisher, or an encoding of its own, kept in storage that
/// is used again. Invariant: valid from `adopt` or `encode` until the batch is reset.
final class PacketVariant {
    private(set) var isReady = false
    private(set) var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Bytes of the largest packet.
    private(set) var packetSizeMax = 0
    /// Where the packet identifier of each packet lies; of use for QoS 1 and 2 only.
    private(set) var identifierOffsets: [UInt32] = []
    private var storage = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var lasting: SharedBytes?
    /// What the largest batch since the last `trim` needed.
    private var usedCount = 0

    deinit { storage.deallocate() }

    /// The packets in memory that outlives the batch; copied once for all who could not take them.
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
    func adopt(_ batch: PublishBatch, _ wire: WirePackets) {
        isReady = true
        bytes = wire.bytes
        packetSizeMax = wire.packetSizeMax
        guard batch.qos > 0 else { return }
        identifierOffsets.removeAll(keepingCapacity: true)
        var start = 0
        for index in 0..<batch.count {
            let end = batch[index].wireEnd
            let header = 1 + VariableByteInteger.decode(bytes.bytes, at: start + 1).length
            appendOffset(start + header + 2 + batch.topicCount)
            start = end
        }
    }

    @inline(__always)
    private func appendOffset(_ offset: Int) {
        assert(offset + 2 <= bytes.count, "identifiers lie in the packets")
        // A batch has about 1 MiB, or one packet.
        assert(offset <= UInt32.max, "a batch is shorter than 4 GiB")
        identifierOffsets.append(UInt32(truncatingIfNeeded: offset))
    }

    /// Gives storage back that no batch since the last call has needed.
    ///
    /// Returns whether there is some left that may be given back later.
    func trim() -> Bool {
        defer { usedCount = 0 }
        if !isReady, storage.count > max(Self.keptCountMax, 4 * usedCount) {
            storage.deallocate()
            storage = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        }
        return storage.count > Self.keptCountMax
    }

    /// Storage of this size is kept for good.
    private static let keptCountMax = 64 << 10

    /// Encodes every packet.
    ///
    /// - Parameter topic: what the topic is called there; nil for its own name
    func encode(
        _ batch: PublishBatch,
        isV5: Bool,
        qos: UInt8,
        now: Int64,
        topic: UnsafeRawBufferPointer? = nil
    ) {
        let topic = topic ?? batch.topic
        isReady = true
        packetSizeMax = 0
        identifierOffsets.removeAll(keepingCapacity: true)
        var total = 0
        for index in 0..<batch.count {
            total += encoder(batch, index, topic, isV5: isV5, qos: qos, now: now).encodedSize
        }
        usedCount = max(usedCount, total)
        if storage.count < total {
            storage.deallocate()
            storage = .allocate(byteCount: BufferSize.rounded(total), alignment: 16)
        }
        guard let base = storage.baseAddress else { return }
        bytes = UnsafeRawBufferPointer(start: base, count: total)
        var offset = 0
        for index in 0..<batch.count {
            let encoder = encoder(batch, index, topic, isV5: isV5, qos: qos, now: now)
            let size = encoder.encodedSize
            let identifier = encoder.write(to: base + offset)
            if qos > 0 { appendOffset(offset + identifier) }
            packetSizeMax = max(packetSizeMax, size)
            offset += size
        }
        assert(offset == total, "packets have the size they said")
    }

    private func encoder(
        _ batch: PublishBatch,
        _ index: Int,
        _ topic: UnsafeRawBufferPointer,
        isV5: Bool,
        qos: UInt8,
        now: Int64
    ) -> UnsafePublishEncoder {
        let entry = batch[index]
        return UnsafePublishEncoder(
            topic: topic,
            properties: entry.properties,
            payload: UnsafeRawBufferPointer(start: entry.payload, count: entry.payloadCount),
            isV5: isV5,
            qos: qos,
            messageExpiryInterval: isV5
                ? Expiry.remainingSeconds(entry.expiresAt, at: now) : Expiry.untold
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
