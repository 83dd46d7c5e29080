// SPDX-License-Identifier: Apache-2.0
// Consecutive publications of one client on one topic, delivered together.

import Glibc
import MQTT
import Topics

/// One publication of a run.
///
/// Plain data: its pointers belong to the read buffer, to the run's arena, or to a message that the
/// run holds.
struct RunEntry {
    let payload: UnsafeRawPointer
    let payloadCount: Int
    let properties: UnsafeRawBufferPointer
    let expiresAt: Int64
    /// Where its packet ends in the bytes that came, counted from the first packet of the run.
    var wireEnd: Int
    let packetIdentifier: UInt16
}

/// A run of publications: same publisher, topic, QoS and retain flag, one right after the other.
///
/// The point of a run is that its cost per subscriber is paid once for all its messages: one look
/// at the session, one copy (or one write) of all packets. A run ends with the read buffer it came
/// from, or earlier when something else arrives; it never waits.
///
/// Invariants: every pointer of an entry is valid until `reset`; `count <= entriesMax`;
/// `messages[i]` is initialised for `i < count`, nil until somebody has to keep the message.
final class UnsafePublishRun {
    static let entriesMax = 1024
    private static let arenaSize = 64 << 10

    private let entries: UnsafeMutablePointer<RunEntry>
    private let messages: UnsafeMutablePointer<MessageStorage?>
    private(set) var hasMessages = false
    private(set) var count = 0

    private var topicBytes: UnsafeMutableRawBufferPointer
    private(set) var topicCount = 0

    /// The session that publishes; a handle of nobody for the broker itself.
    private(set) var publisher = SessionHandle(rawValue: .max)
    /// Who publishes: lent, as the bytes are.
    private var lentOrigin: Unmanaged<ClientIdentity>?
    /// The client whose bytes are being handled, if the run is made of them: lent until they are.
    private(set) var sender: Unmanaged<Client>?
    private(set) var qos: UInt8 = 0
    private(set) var isRetained = false
    /// Whether further publications on the topic need no check of their own.
    var isOpen = true
    /// QoS 2 publications that arrived and are to be stored, not delivered.
    var isStored = false
    /// Publications that plugins have decided about.
    var isDecided = false
    /// QoS 2 publications that were released and are answered with PUBCOMP.
    var isReleased = false
    /// Whether one session gets the run, so that stored forms need not be kept for others.
    var isForOne = false
    private(set) var payloadByteCount = 0
    /// Bytes of the largest packet among those that came, if they may go out unchanged.
    private(set) var wirePacketMax = 0

    /// The packets as they arrived, when they can go out to this protocol family unchanged.
    private(set) var wire = UnsafeRawBufferPointer(start: nil, count: 0)
    private(set) var isWireUsable = false
    private(set) var isWireV5 = false
    /// Whether every packet is of the form that `absorb` reads.
    private(set) var isAbsorbable = false

    private let variants: [PacketVariant]
    private var arena: UnsafeMutableRawBufferPointer
    private var arenaCount = 0

    init() {
        entries = .allocate(capacity: Self.entriesMax)
        messages = .allocate(capacity: Self.entriesMax)
        messages.initialize(repeating: nil, count: Self.entriesMax)
        topicBytes = .allocate(byteCount: 256, alignment: 8)
        arena = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        variants = (0..<6).map { _ in PacketVariant() }
    }

    deinit {
        entries.deallocate()
        messages.deinitialize(count: Self.entriesMax)
        messages.deallocate()
        topicBytes.deallocate()
        arena.deallocate()
    }

    /// Who publishes; nil for the broker itself.
    var origin: ClientIdentity? { lentOrigin?.takeUnretainedValue() }

    /// The topic name, mount point included.
    var topic: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: topicBytes.baseAddress, count: topicCount)
    }

    /// An entry of the run.
    subscript(_ index: Int) -> RunEntry {
        precondition(index >= 0 && index < count, "the run has an entry at this place")
        return entries[index]
    }

    // MARK: Collecting

    /// Begins a run; the topic is copied, so that it stays known after the run has ended.
    func begin(
        topic: UnsafeRawBufferPointer,
        mountPoint: [UInt8],
        publisher: SessionHandle,
        origin: ClientIdentity?,
        qos: UInt8,
        isRetained: Bool,
        sender: Client? = nil
    ) {
        assert(mayGrow(topicOf: topic.count, by: mountPoint.count), "the sender has been asked")
        let size = mountPoint.count + topic.count
        if topicBytes.count < size {
            topicBytes.deallocate()
            topicBytes = .allocate(byteCount: size, alignment: 8)
        }
        topicBytes.copyBytes(from: mountPoint)
        UnsafeMutableRawBufferPointer(rebasing: topicBytes[mountPoint.count...])
            .copyMemory(from: topic)
        topicCount = size
        self.publisher = publisher
        lentOrigin = origin.map { Unmanaged.passUnretained($0) }
        self.sender = sender.map { Unmanaged.passUnretained($0) }
        self.qos = qos
        self.isRetained = isRetained
        isOpen = true
        isStored = false
        isReleased = false
        isDecided = false
    }

    /// Goes on with the topic and publisher of the run that has just ended.
    func resume(origin: ClientIdentity?, sender: Unmanaged<Client>?) {
        lentOrigin = origin.map { Unmanaged.passUnretained($0) }
        self.sender = sender
    }

    /// Whether publications are being collected from this client's bytes.
    @inline(__always)
    func isCollecting(from client: Client) -> Bool {
        count > 0 && sender?.toOpaque() == Unmanaged.passUnretained(client).toOpaque()
    }

    /// Whether a topic is the one of the run.
    func hasTopic(_ other: UnsafeRawBufferPointer) -> Bool {
        guard other.count == topicCount, let mine = topicBytes.baseAddress,
            let theirs = other.baseAddress
        else { return false }
        return memcmp(mine, theirs, topicCount) == 0
    }

    /// Adds a publication.
    ///
    /// `packet` is the packet it came in when that may be sent on unchanged to subscribers of the
    /// same protocol family.
    func append(
        payload: UnsafeRawBufferPointer,
        properties: UnsafeRawBufferPointer,
        expiresAt: Int64,
        packetIdentifier: UInt16,
        packet: UnsafeRawBufferPointer? = nil,
        isV5: Bool = false,
        message: Message? = nil
    ) {
        precondition(count < Self.entriesMax, "a run is delivered before it is full")
        noteWire(packet, payloadCount: payload.count, isV5: isV5)
        // Any valid pointer will do for an empty payload.
        let place = payload.baseAddress ?? UnsafeRawPointer(entries)
        entries[count] = RunEntry(
            payload: place,
            payloadCount: payload.count,
            properties: properties,
            expiresAt: expiresAt,
            wireEnd: wire.count,
            packetIdentifier: packetIdentifier
        )
        if let message {
            messages[count] = message.storage
            hasMessages = true
        }
        count += 1
        payloadByteCount += payload.count
    }

    private func noteWire(_ packet: UnsafeRawBufferPointer?, payloadCount: Int, isV5: Bool) {
        guard let packet, !isRetained else {
            isWireUsable = false
            return
        }
        if count == 0 {
            wire = packet
            isWireV5 = isV5
            isWireUsable = true
        } else if isWireUsable, wire.baseAddress.map({ $0 + wire.count }) == packet.baseAddress {
            wire = UnsafeRawBufferPointer(start: wire.baseAddress, count: wire.count + packet.count)
        } else {
            isWireUsable = false
        }
        wirePacketMax = max(wirePacketMax, packet.count)
        let headSize = 1 + Self.remainingLength(packet, at: 1).size
        let isPlain = packet.count == headSize + overhead + payloadCount
        isAbsorbable = isPlain && (count == 0 || isAbsorbable)
    }

    /// Bytes of a plain packet besides fixed header and payload: the topic with its length, the
    /// packet identifier, the length of no properties.
    private var overhead: Int { 2 + topicCount + (qos == 0 ? 0 : 2) + (isWireV5 ? 1 : 0) }

    /// Takes further PUBLISH packets off the front of `bytes` for as long as they differ from the
    /// last one in payload and packet identifier only.
    ///
    /// Returns how many bytes were taken.
    ///
    /// This loop is where a stream of small messages spends its time: it touches nothing but the
    /// bytes and the entries. Everything it does not recognise is left to the ordinary way.
    func absorb(_ bytes: UnsafeRawBufferPointer, payloadMax: Int, packetMax: Int) -> Int {
        guard isOpen, isWireUsable, !isRetained, !isReleased, let base = bytes.baseAddress,
            wire.baseAddress.map({ $0 + wire.count }) == base, let topic = topicBytes.baseAddress
        else { return 0 }
        let firstByte = 0x30 | qos << 1
        let topicCount = topicCount
        let identifierSize = qos == 0 ? 0 : 2
        let overhead = overhead
        let limit = Self.entriesMax
        var index = count
        var offset = 0
        var payloadSum = 0
        var wireEnd = wire.count
        var largest = wirePacketMax
        while index < limit, bytes.count - offset >= 2, bytes[offset] == firstByte {
            let (length, lengthSize) = Self.remainingLength(bytes, at: offset + 1)
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
            if isWireV5 {
                if bytes[place] != 0 { break }
                place += 1
            }
            let size = 1 + lengthSize + length
            wireEnd += size
            largest = max(largest, size)
            entries[index] = RunEntry(
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
        wirePacketMax = largest
        wire = UnsafeRawBufferPointer(start: wire.baseAddress, count: wireEnd)
        return offset
    }

    /// Takes the packets of a run of another reactor, which has taken them before.
    func absorbAll(_ packets: UnsafeRawBufferPointer, isV5: Bool) {
        wire = UnsafeRawBufferPointer(rebasing: packets[..<0])
        isWireV5 = isV5
        isWireUsable = true
        let taken = absorb(packets, payloadMax: .max, packetMax: .max)
        precondition(taken == packets.count, "both reactors read a packet in the same way")
    }

    /// The Remaining Length at an offset and the bytes it takes; 0 bytes when it is incomplete or
    /// too long.
    @inline(__always)
    private static func remainingLength(
        _ bytes: UnsafeRawBufferPointer,
        at offset: Int
    ) -> (value: Int, size: Int) {
        let first = bytes[offset]
        if first < 0x80 { return (Int(first), 1) }
        var value = Int(first & 0x7F)
        for index in 1..<4 where offset + index < bytes.count {
            let byte = bytes[offset + index]
            value |= Int(byte & 0x7F) << (7 * index)
            if byte < 0x80 { return (value, index + 1) }
        }
        return (0, 0)
    }

    /// Room for properties that had to be put together anew; nil when the run must end first.
    func reserveArena(_ count: Int) -> UnsafeMutableRawBufferPointer? {
        if arenaCount == 0, arena.count < count {
            arena.deallocate()
            arena = .allocate(byteCount: max(Self.arenaSize, count), alignment: 8)
        }
        guard arena.count - arenaCount >= count else { return nil }
        let room = UnsafeMutableRawBufferPointer(rebasing: arena[arenaCount..<(arenaCount + count)])
        arenaCount += count
        return room
    }

    /// Ends the run.
    ///
    /// Topic and publisher stay for the next one.
    func reset() {
        if hasMessages {
            for index in 0..<count { messages[index] = nil }
            hasMessages = false
        }
        count = 0
        for variant in variants { variant.reset() }
        arenaCount = 0
        payloadByteCount = 0
        wirePacketMax = 0
        isWireUsable = false
        isAbsorbable = false
        lentOrigin = nil
        sender = nil
        isForOne = false
    }

    // MARK: Publications and messages

    /// One entry as a publication.
    func publication(_ index: Int) -> UnsafePublication {
        let entry = self[index]
        return UnsafePublication(
            topic: topic,
            properties: entry.properties,
            payload: UnsafeRawBufferPointer(start: entry.payload, count: entry.payloadCount),
            qos: qos,
            isRetained: isRetained,
            expiresAt: entry.expiresAt,
            origin: origin
        )
    }

    /// The stored form of an entry, if it has been made.
    func storedMessage(_ index: Int) -> Message? {
        messages[index].map { Message($0) }
    }

    /// The stored form of an entry, made at the first call.
    ///
    /// Kept for further calls unless the run is for one session.
    func message(_ index: Int) -> Message {
        if let message = messages[index] { return Message(message) }
        let message = Message.make(publication(index))
        if isForOne { return message }
        messages[index] = message.storage
        hasMessages = true
        return message
    }

    // MARK: Encoded forms

    /// All packets of the run as they go to plain subscribers of one kind, encoded once.
    ///
    /// The packet identifiers in it are to be replaced; retain and duplicate flags are 0.
    func variant(isV5: Bool, qos: UInt8, now: Int64) -> PacketVariant {
        let variant = variants[(isV5 ? 3 : 0) + Int(qos)]
        if !variant.isReady {
            if isWireUsable, isWireV5 == isV5, qos == self.qos {
                variant.adopt(self)
            } else {
                variant.encode(self, isV5: isV5, qos: qos, now: now)
            }
        }
        return variant
    }
}
