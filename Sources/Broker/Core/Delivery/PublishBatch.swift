// SPDX-License-Identifier: Apache-2.0
// Consecutive publications of one client on one topic, delivered together.

import Glibc
import Inflight
import MQTT
import TopicRules
import Topics

/// One publication of a batch.
///
/// Plain data: its pointers belong to the read buffer, to the batch's arena, or to a message that
/// the batch holds.
struct BatchEntry {
    let payload: UnsafeRawPointer
    let payloadCount: Int
    let properties: UnsafeRawBufferPointer
    let expiresAt: Int64
    /// Where its packet ends in the bytes that came, counted from the first packet of the batch.
    var wireEnd: Int
    let packetIdentifier: UInt16
}

/// The packets of a batch as they arrived, one right behind the other, when they can go out to
/// clients of the same protocol family unchanged.
struct WirePackets {
    var bytes: UnsafeRawBufferPointer
    /// Whether they have the form of 5.0.
    let isV5: Bool
    /// Bytes of the largest packet.
    var packetSizeMax: Int
    /// Whether every packet is of the form that `coalesce` reads.
    var isCoalescible: Bool
}

/// A batch of publications: same publisher, topic, QoS and retain flag, one right after the other.
///
/// The point of a batch is that its cost per subscriber is paid once for all its messages: one look
/// at the session, one copy (or one write) of all packets. A batch ends with the read buffer it came
/// from, or earlier when something else arrives; it never waits. See `Worker.collect`.
///
/// Invariants: every pointer of an entry is valid until `reset`; `count <= entriesMax`;
/// `messages[i]` is initialised for `i < entriesMax`, nil until somebody has to keep the message.
final class PublishBatch {
    /// What becomes of the publications when the batch is delivered.
    enum Purpose {
        /// They go to whoever is subscribed, and are answered with PUBACK if their QoS is 1.
        case publish
        /// QoS 2: they are kept until their release, and answered with PUBREC.
        case receive
        /// QoS 2, released: they go to whoever is subscribed, and are answered with PUBCOMP.
        case release
        /// They go to whoever is subscribed; nobody waits for an answer.
        case forward
    }

    static let entriesMax = 1024
    /// A batch of so many payload bytes takes no more: large messages gain nothing by it.
    private static let payloadBytesMax = 1 << 20
    private static let arenaSize = 64 << 10

    let entries: UnsafeMutablePointer<BatchEntry>
    private let messages: UnsafeMutablePointer<MessageStorage?>
    private(set) var hasMessages = false
    /// Whether one of them was kept before it came into the batch.
    private var hasForeignMessages = false
    var count = 0

    private(set) var topicBytes: UnsafeMutableRawBufferPointer
    private(set) var topicCount = 0

    private(set) var purpose = Purpose.forward
    /// The session that publishes; a handle of nobody for the broker itself.
    private(set) var publisher = SessionHandle(rawValue: .max)
    /// Who publishes: lent, as the bytes are.
    private var lentOrigin: Unmanaged<ClientIdentity>?
    /// The client whose bytes are being handled, if the batch is made of them: lent until they are.
    private(set) var sender: Unmanaged<SessionPeer>?
    /// The client whose publications plugins have decided about, if the batch is made of them.
    private(set) var decidedPeer: SessionPeer?
    private(set) var qos: UInt8 = 0
    private(set) var isRetained = false
    /// Whether further publications on the topic need no check of their own.
    private(set) var isOpen = true
    /// Whether one session gets the batch, so that stored forms need not be kept for others.
    var isForOne = false
    /// Whether so many sessions get the batch that writing to each at once would take too long.
    var isForMany = false
    var payloadByteCount = 0
    /// The packets as they arrived; nil when they cannot go on unchanged.
    var wire: WirePackets?
    /// The number of the first entry in the session log; the others follow it.
    ///
    /// Those that were stored messages before have their own. 0: the log has none of the batch.
    var firstNumber: MessageNumber = 0
    /// Whether something that the batch has brought about was recorded.
    var isRecorded = false

    /// Whether plugins may look at each publication before a session gets it.
    let isChecked: Bool

    private let variants: [PacketVariant]
    private var arena: UnsafeMutableRawBufferPointer
    private var arenaCount = 0

    init(isChecked: Bool = false) {
        self.isChecked = isChecked
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

    /// Whether nothing has been collected.
    var isEmpty: Bool { count == 0 }

    /// Whether it takes no more publications.
    var isFull: Bool { count == Self.entriesMax || payloadByteCount >= Self.payloadBytesMax }

    /// Who publishes; nil for the broker itself.
    var origin: ClientIdentity? { lentOrigin?.takeUnretainedValue() }

    /// The topic name, mount point included.
    var topic: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: topicBytes.baseAddress, count: topicCount)
    }

    /// An entry of the batch.
    subscript(_ index: Int) -> BatchEntry {
        precondition(index >= 0 && index < count, "the batch has an entry at this place")
        return entries[index]
    }

    // MARK: Collecting

    /// Begins a batch; the topic is copied, so that it stays known after the batch has ended.
    func begin(
        _ purpose: Purpose,
        topic: UnsafeRawBufferPointer,
        mountPoint: [UInt8] = [],
        publisher: SessionHandle,
        origin: ClientIdentity?,
        qos: UInt8,
        isRetained: Bool,
        isOpen: Bool = true,
        sender: SessionPeer? = nil,
        decidedPeer: SessionPeer? = nil
    ) {
        assert(isEmpty, "what was collected has been delivered")
        assert(
            TopicRules.mayGrow(topicOf: topic.count, by: mountPoint.count),
            "the sender has been asked"
        )
        let size = mountPoint.count + topic.count
        if topicBytes.count < size {
            topicBytes.deallocate()
            topicBytes = .allocate(byteCount: size, alignment: 8)
        }
        topicBytes.copyBytes(from: mountPoint)
        UnsafeMutableRawBufferPointer(rebasing: topicBytes[mountPoint.count...])
            .copyMemory(from: topic)
        topicCount = size
        self.purpose = purpose
        self.publisher = publisher
        lentOrigin = origin.map { Unmanaged.passUnretained($0) }
        self.sender = sender.map { Unmanaged.passUnretained($0) }
        self.decidedPeer = decidedPeer
        self.qos = qos
        self.isRetained = isRetained
        self.isOpen = isOpen
    }

    /// Goes on with topic, publisher and purpose of the batch that has just been delivered.
    func resume(origin: ClientIdentity?, sender: Unmanaged<SessionPeer>?) {
        assert(isEmpty, "what was collected has been delivered")
        lentOrigin = origin.map { Unmanaged.passUnretained($0) }
        self.sender = sender
    }

    /// Whether publications are being collected from this client's bytes.
    @inline(__always)
    func isCollecting(from peer: SessionPeer) -> Bool {
        count > 0 && sender?.toOpaque() == Unmanaged.passUnretained(peer).toOpaque()
    }

    /// Whether a further publication continues the batch: all but payload, properties and packet
    /// identifier are the same, and it needs no check of its own.
    func accepts(
        _ purpose: Purpose,
        topic: UnsafeRawBufferPointer,
        publisher: SessionHandle,
        qos: UInt8,
        isRetained: Bool
    ) -> Bool {
        count > 0 && !isFull && isOpen && self.purpose == purpose
            && self.qos == qos && !isRetained && !self.isRetained
            && self.publisher == publisher && hasTopic(topic)
    }

    private func hasTopic(_ other: UnsafeRawBufferPointer) -> Bool {
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
        precondition(count < Self.entriesMax, "a batch is delivered before it is full")
        noteWire(packet, payloadCount: payload.count, isV5: isV5)
        // Any valid pointer will do for an empty payload.
        let place = payload.baseAddress ?? UnsafeRawPointer(entries)
        entries[count] = BatchEntry(
            payload: place,
            payloadCount: payload.count,
            properties: properties,
            expiresAt: expiresAt,
            wireEnd: wire?.bytes.count ?? 0,
            packetIdentifier: packetIdentifier
        )
        if let message {
            messages[count] = message.storage
            hasMessages = true
            hasForeignMessages = true
        }
        count += 1
        payloadByteCount += payload.count
    }

    /// Adds a publication that is stored already; the batch holds it.
    func append(_ message: Message, expiresAt: Int64, packetIdentifier: UInt16) {
        message.withPublication { publication in
            append(
                payload: publication.payload,
                properties: publication.properties,
                expiresAt: expiresAt,
                packetIdentifier: packetIdentifier,
                message: message
            )
        }
    }

    /// Room for properties that had to be put together anew; nil when the batch must end first.
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

    /// Ends the batch.
    ///
    /// Topic, publisher and purpose stay for the next one.
    func reset() {
        if hasMessages {
            for index in 0..<count { messages[index] = nil }
            hasMessages = false
            hasForeignMessages = false
        }
        count = 0
        for variant in variants { variant.reset() }
        arenaCount = 0
        payloadByteCount = 0
        wire = nil
        lentOrigin = nil
        sender = nil
        decidedPeer = nil
        isForOne = false
        isForMany = false
        firstNumber = 0
        isRecorded = false
    }

    /// Whether the batch may have needed more memory than is kept for good.
    var isLarge: Bool {
        payloadByteCount > Self.arenaSize / 2 || arenaCount > Self.arenaSize / 2
    }

    /// Gives back memory that only an unusually large batch needed.
    ///
    /// Returns whether there is some left that may be given back later.
    func trim() -> Bool {
        if arenaCount == 0, arena.count > Self.arenaSize {
            arena.deallocate()
            arena = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        }
        return variants.map { $0.trim() }.contains(true)
    }

    // MARK: Publications and messages

    /// One entry as a publication.
    func publication(_ index: Int) -> UnsafePublication {
        let entry = self[index]
        var publication = UnsafePublication(
            topic: topic,
            properties: entry.properties,
            payload: UnsafeRawBufferPointer(start: entry.payload, count: entry.payloadCount),
            qos: qos,
            isRetained: isRetained,
            expiresAt: entry.expiresAt,
            origin: origin
        )
        if firstNumber != 0 { publication.number = number(index) }
        return publication
    }

    /// The number of an entry that was no stored message with a number before; 0: none.
    @inline(__always)
    private func ownNumber(_ index: Int) -> MessageNumber {
        firstNumber == 0 ? 0 : MessageNumbers.following(firstNumber, by: index)
    }

    /// The number of the first entry in the session log, when the others' follow it; nil: ask for each.
    var numbersInRow: MessageNumber? {
        firstNumber == 0 || hasForeignMessages ? nil : firstNumber
    }

    /// Which entry a stored message is of; nil: none.
    func place(of message: Unmanaged<MessageStorage>) -> Int? {
        if let first = numbersInRow {
            let number = message._withUnsafeGuaranteedRef { $0.number }
            let distance = MessageNumbers.counter(of: number &- first)
            return distance < UInt64(count) ? Int(distance) : nil
        }
        return (0..<count).first { index in
            messages[index].map { Unmanaged.passUnretained($0).toOpaque() } == message.toOpaque()
        }
    }

    /// The number of an entry in the session log; 0: it has none.
    func number(_ index: Int) -> MessageNumber {
        storedMessage(index)?.number ?? ownNumber(index)
    }

    /// Puts the same message with a number in the place of a stored one without.
    func renumber(_ index: Int) {
        var publication = publication(index)
        assert(publication.number == 0, "a message keeps its number")
        publication.number = ownNumber(index)
        let message = Message.make(publication)
        messages[index] = message.storage
        hasMessages = true
        message.withPublication { stored in
            let entry = entries[index]
            entries[index] = BatchEntry(
                payload: stored.payload.baseAddress ?? entry.payload,
                payloadCount: entry.payloadCount,
                properties: stored.properties,
                expiresAt: entry.expiresAt,
                wireEnd: entry.wireEnd,
                packetIdentifier: entry.packetIdentifier
            )
        }
    }

    /// The stored form of an entry, if it has been made.
    func storedMessage(_ index: Int) -> Message? {
        messages[index].map { Message($0) }
    }

    /// The stored form of an entry, made at the first call.
    ///
    /// Kept for further calls unless the batch is for one session.
    func message(_ index: Int) -> Message {
        if let message = messages[index] { return Message(message) }
        let message = Message.make(publication(index))
        if isForOne { return message }
        messages[index] = message.storage
        hasMessages = true
        return message
    }

    // MARK: Encoded forms

    /// All packets of the batch as they go to plain subscribers of one kind, encoded once.
    ///
    /// The packet identifiers in it are to be replaced; retain and duplicate flags are 0.
    @inline(__always)
    func variant(isV5: Bool, qos: UInt8, now: @autoclosure () -> Int64) -> PacketVariant {
        let variant = variants[(isV5 ? 3 : 0) + Int(qos)]
        if !variant.isReady { prepare(variant, isV5: isV5, qos: qos, now: now()) }
        return variant
    }

    private func prepare(_ variant: PacketVariant, isV5: Bool, qos: UInt8, now: Int64) {
        if let wire, wire.isV5 == isV5, qos == self.qos {
            variant.adopt(self, wire)
        } else {
            variant.encode(self, isV5: isV5, qos: qos, now: now)
        }
    }
}
