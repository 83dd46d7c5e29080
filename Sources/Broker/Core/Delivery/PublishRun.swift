// SPDX-License-Identifier: Apache-2.0
// Consecutive publications of one client on one topic, delivered together.

import MQTT
import Topics

/// One publication of a run.
struct RunEntry {
    let payload: UnsafeRawBufferPointer
    let properties: UnsafeRawBufferPointer
    let expiresAt: Int64
    let packetIdentifier: UInt16
    /// Made when a first session has to keep it.
    var message: Message?
}

/// A run of publications: same publisher, topic, QoS and retain flag, one right after the other.
///
/// The point of a run is that its cost per subscriber is paid once for all its messages: one look
/// at the session, one copy (or one write) of all packets. Measured with one publisher and 100
/// subscribers, this is what the fan-out spends least on. A run ends with the read buffer it came
/// from, or earlier when something else arrives; it never waits.
///
/// Invariant: every pointer of an entry is valid until `reset`.
final class UnsafePublishRun {
    static let entriesMax = 1024
    private static let arenaSize = 64 << 10

    private(set) var entries: [RunEntry] = []
    private var topicBytes: UnsafeMutableRawBufferPointer
    private(set) var topicCount = 0

    /// The session that publishes; a handle of nobody for the broker itself.
    private(set) var publisher = SessionHandle(rawValue: .max)
    private(set) var origin: ClientIdentity?
    private(set) var qos: UInt8 = 0
    private(set) var isRetained = false
    private(set) var payloadByteCount = 0

    /// The packets as they arrived, when they can go out to this protocol family unchanged.
    private var wire = UnsafeRawBufferPointer(start: nil, count: 0)
    private var isWireUsable = false
    private var isWireV5 = false

    private var variants: [PacketVariant]
    private var arena: UnsafeMutableRawBufferPointer
    private var arenaCount = 0

    init() {
        entries.reserveCapacity(64)
        topicBytes = .allocate(byteCount: 256, alignment: 8)
        arena = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        variants = (0..<6).map { _ in PacketVariant() }
    }

    deinit {
        topicBytes.deallocate()
        arena.deallocate()
    }

    var count: Int { entries.count }

    /// The topic name, mount point included.
    var topic: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: topicBytes[..<topicCount])
    }

    /// Begins a run; the topic is copied, so that it stays known after the run has ended.
    func begin(
        topic: UnsafeRawBufferPointer,
        mountPoint: [UInt8],
        publisher: SessionHandle,
        origin: ClientIdentity?,
        qos: UInt8,
        isRetained: Bool
    ) {
        let size = mountPoint.count + topic.count
        if topicBytes.count < size {
            topicBytes.deallocate()
            topicBytes = .allocate(byteCount: max(size, 256), alignment: 8)
        }
        topicBytes.copyBytes(from: mountPoint)
        UnsafeMutableRawBufferPointer(rebasing: topicBytes[mountPoint.count...])
            .copyMemory(from: topic)
        topicCount = size
        self.publisher = publisher
        self.origin = origin
        self.qos = qos
        self.isRetained = isRetained
    }

    /// Goes on with the topic and publisher of the run that has just ended.
    func resume(origin: ClientIdentity?) {
        self.origin = origin
    }

    /// Adds a publication. `packet` is the packet it came in when that may be sent on unchanged to
    /// subscribers of the same protocol family.
    func append(_ entry: RunEntry, packet: UnsafeRawBufferPointer?, isV5: Bool) {
        if let packet, !isRetained {
            if entries.isEmpty {
                wire = packet
                isWireV5 = isV5
                isWireUsable = true
            } else if isWireUsable, let end = wire.baseAddress.map({ $0 + wire.count }),
                end == packet.baseAddress
            {
                wire = UnsafeRawBufferPointer(
                    start: wire.baseAddress,
                    count: wire.count + packet.count
                )
            } else {
                isWireUsable = false
            }
        } else {
            isWireUsable = false
        }
        payloadByteCount += entry.payload.count
        entries.append(entry)
    }

    /// Room for properties that had to be put together anew; nil when the run must end first.
    func reserveArena(_ count: Int) -> UnsafeMutableRawBufferPointer? {
        if arena.count == 0 || (arenaCount == 0 && arena.count < count) {
            arena.deallocate()
            arena = .allocate(byteCount: max(Self.arenaSize, count), alignment: 8)
        }
        guard arena.count - arenaCount >= count else { return nil }
        let room = UnsafeMutableRawBufferPointer(rebasing: arena[arenaCount..<(arenaCount + count)])
        arenaCount += count
        return room
    }

    /// Ends the run. Topic and route key stay for the next one.
    func reset() {
        entries.removeAll(keepingCapacity: true)
        for index in variants.indices { variants[index].isReady = false }
        arenaCount = 0
        payloadByteCount = 0
        isWireUsable = false
        origin = nil
    }

    // MARK: Publications and messages

    /// One entry as a publication.
    func publication(_ index: Int) -> UnsafePublication {
        let entry = entries[index]
        return UnsafePublication(
            topic: topic,
            properties: entry.properties,
            payload: entry.payload,
            qos: qos,
            isRetained: isRetained,
            expiresAt: entry.expiresAt,
            origin: origin
        )
    }

    /// The stored form of an entry, made at the first call.
    func message(_ index: Int) -> Message {
        if let message = entries[index].message { return message }
        let message = Message.make(publication(index))
        entries[index].message = message
        return message
    }

    // MARK: Encoded forms

    /// All packets of the run as they go to plain subscribers of one kind, encoded once.
    ///
    /// The packet identifiers in it are to be replaced; retain and duplicate flags are 0.
    func variant(isV5: Bool, qos: UInt8, now: Int64) -> PacketVariant {
        let index = (isV5 ? 3 : 0) + Int(qos)
        if !variants[index].isReady {
            if isWireUsable, isWireV5 == isV5, qos == self.qos {
                variants[index].adopt(wire, run: self, isV5: isV5)
            } else {
                variants[index].encode(self, isV5: isV5, qos: qos, now: now)
            }
        }
        return variants[index]
    }
}

/// The packets of a run, one after the other, for one protocol family and QoS.
final class PacketVariant {
    var isReady = false
    private(set) var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Where each packet ends.
    private(set) var ends: [Int] = []
    /// Where the packet identifier of each packet lies; empty for QoS 0.
    private(set) var identifierOffsets: [Int] = []
    /// Bytes of the largest packet.
    private(set) var packetSizeMax = 0
    private var storage = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    deinit { storage.deallocate() }

    /// Uses packets as they arrived.
    func adopt(_ wire: UnsafeRawBufferPointer, run: UnsafePublishRun, isV5: Bool) {
        begin(run.count)
        bytes = wire
        var start = 0
        for index in 0..<run.count {
            start = note(encoder(run, index, isV5: isV5, qos: run.qos, expiry: 0), at: start)
        }
    }

    /// Encodes every packet.
    func encode(_ run: UnsafePublishRun, isV5: Bool, qos: UInt8, now: Int64) {
        begin(run.count)
        var start = 0
        for index in 0..<run.count {
            let expiry = isV5 ? remainingSeconds(run.entries[index].expiresAt, now) : 0
            start = note(encoder(run, index, isV5: isV5, qos: qos, expiry: expiry), at: start)
        }
        if storage.count < start {
            storage.deallocate()
            storage = .allocate(byteCount: BufferSize.rounded(start), alignment: 16)
        }
        guard let base = storage.baseAddress else { return }
        var place = base
        for index in 0..<run.count {
            let expiry = isV5 ? remainingSeconds(run.entries[index].expiresAt, now) : 0
            encoder(run, index, isV5: isV5, qos: qos, expiry: expiry).write(to: place)
            place = base + ends[index]
        }
        bytes = UnsafeRawBufferPointer(start: base, count: start)
    }

    private func begin(_ count: Int) {
        isReady = true
        packetSizeMax = 0
        ends.removeAll(keepingCapacity: true)
        identifierOffsets.removeAll(keepingCapacity: true)
    }

    private func note(_ encoder: UnsafePublishEncoder, at start: Int) -> Int {
        let remaining = encoder.remainingLength
        let header = 1 + variableByteIntegerLength(remaining)
        let end = start + header + remaining
        ends.append(end)
        if encoder.qos > 0 { identifierOffsets.append(start + header + 2 + encoder.topic.count) }
        packetSizeMax = max(packetSizeMax, end - start)
        return end
    }

    private func encoder(
        _ run: UnsafePublishRun,
        _ index: Int,
        isV5: Bool,
        qos: UInt8,
        expiry: UInt32
    ) -> UnsafePublishEncoder {
        let entry = run.entries[index]
        return UnsafePublishEncoder(
            topic: run.topic,
            properties: entry.properties,
            payload: entry.payload,
            isV5: isV5,
            qos: qos,
            messageExpiryInterval: expiry
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
