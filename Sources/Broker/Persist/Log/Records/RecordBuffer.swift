// SPDX-License-Identifier: Apache-2.0
// Where a reactor collects the records of a turn.

import Inflight

/// The records of one turn of one reactor, as the bytes that go to the disk.
///
/// ```
///   | room for the head | record | record | …  | free |
///   0                  16                      count   capacity
/// ```
/// No allocation for a record but when the memory doubles. Records that continue the one before are
/// merged: acknowledgements of consecutive identifiers, messages that go the same way. The last one
/// is therefore kept open, and written when another comes or the frame is taken.
package struct RecordBuffer: ~Copyable {
    /// What the last record is, while others may be merged into it.
    enum Open {
        case nothing
        case identifiers(LogTag, SessionNumber, IdentifierStretch)
        case sent(LogSending)
        case dropped(SessionNumber, sequence: UInt64, count: UInt64, LogDropReason)
        /// The last record is `delivered` with one destination; repeated so many times.
        case delivered(repetitions: Int)
    }

    var memory: FrameMemory
    let reactor: UInt8
    var open = Open.nothing
    /// The last list of destinations of this frame.
    var lastDestinations = UnsafeDestinationList()
    /// Rises with each list that is another one than the last: while it stays, that can be repeated.
    package private(set) var listNumber: UInt64 = 0
    /// The last message named in this frame.
    var lastMessage: MessageNumber
    /// The last checkpoint that the reactor has begun its part of; 0 for none.
    private(set) var checkpoint: UInt64 = 0
    /// The last wall clock second recorded.
    private var lastClock: Int64 = .min

    /// An empty buffer of a reactor, 0 to 254.
    package init(reactor: UInt8) {
        assert(reactor != LogFrameHead.writer, "255 is the writer")
        self.init(any: reactor)
    }

    init(any reactor: UInt8) {
        self.reactor = reactor
        lastMessage = MessageNumbers.make(reactor: reactor, counter: 0)
        memory = FrameMemory(capacity: 4096)
    }

    deinit { memory.free() }

    /// Whether there is no record.
    package var isEmpty: Bool {
        if case .nothing = open { return memory.count == LogFrameHead.byteCount }
        return false
    }

    /// Bytes in use; a record that is kept open may not be counted yet.
    ///
    /// A frame has less than 4 GiB: who records much in a turn hands it over in parts.
    package var byteCount: Int { memory.count }

    /// Notes the time, once a second.
    package mutating func noteClock(_ second: Int64) {
        guard second != lastClock else { return }
        lastClock = second
        write(.clock(second))
    }

    /// Takes the records as one frame and goes on with other memory; the head is still to be sealed.
    mutating func take(_ next: FrameMemory) -> FrameMemory {
        assert(next.count == LogFrameHead.byteCount, "it is empty")
        closeRecord()
        let full = memory
        memory = next
        forgetFrame()
        return full
    }

    /// The reactor begins its part of a checkpoint: it will record what it has.
    ///
    /// If the log has begun anew with it, what was recorded before must not be: it is over, or will
    /// be in the images.
    package mutating func begin(_ checkpoint: UInt64, isReset: Bool) {
        assert(checkpoint > self.checkpoint, "checkpoints have rising numbers")
        self.checkpoint = checkpoint
        if isReset { removeAll() }
    }

    /// Forgets all records.
    package mutating func removeAll() {
        open = .nothing
        memory.count = LogFrameHead.byteCount
        lastClock = .min
        forgetFrame()
    }

    /// The next list is another one.
    mutating func forgetList() {
        lastDestinations.removeAll()
        listNumber += 1
    }

    /// The last list is this one.
    mutating func replaceList(by destination: LogDestination) {
        assert(lastDestinations.count == 1, "a list of one takes the place of a list of one")
        lastDestinations[0] = destination
        listNumber += 1
    }

    private mutating func forgetFrame() {
        lastMessage = MessageNumbers.make(reactor: reactor, counter: 0)
        forgetList()
    }

    // MARK: Fields

    @inline(__always)
    mutating func reserve(_ byteCount: Int) {
        if memory.capacity - memory.count < byteCount { memory.grow(by: byteCount) }
    }

    @inline(__always)
    mutating func put(_ byte: UInt8) {
        reserve(1)
        memory.base.storeBytes(of: byte, toByteOffset: memory.count, as: UInt8.self)
        memory.count += 1
    }

    @inline(__always)
    mutating func put(_ tag: LogTag) { put(tag.rawValue) }

    /// Seven bits a byte, the lowest first; the highest bit says that more follow.
    @inline(__always)
    mutating func put(_ value: UInt64) {
        reserve(10)
        var rest = value
        while rest > 0x7F {
            memory.base.storeBytes(
                of: UInt8(truncatingIfNeeded: rest) | 0x80,
                toByteOffset: memory.count,
                as: UInt8.self
            )
            memory.count += 1
            rest >>= 7
        }
        memory.base.storeBytes(
            of: UInt8(truncatingIfNeeded: rest),
            toByteOffset: memory.count,
            as: UInt8.self
        )
        memory.count += 1
    }

    /// A number of either sign: small ones of both are short.
    @inline(__always)
    mutating func put(signed value: Int64) {
        put(UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    mutating func put(identifier: UInt16) {
        put(UInt8(truncatingIfNeeded: identifier))
        put(UInt8(truncatingIfNeeded: identifier >> 8))
    }

    mutating func put(_ bytes: UnsafeRawBufferPointer) {
        put(UInt64(bytes.count))
        guard let source = bytes.baseAddress else { return }
        reserve(bytes.count)
        (memory.base + memory.count).copyMemory(from: source, byteCount: bytes.count)
        memory.count += bytes.count
    }

    mutating func put(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { put($0) }
    }

    mutating func put(_ text: String) {
        var text = text
        text.withUTF8 { put(UnsafeRawBufferPointer($0)) }
    }

    /// A message: how far its counter is from that of the last one named, in the lowest bit whether
    /// another reactor has accepted it, which is then named.
    mutating func put(message: MessageNumber) {
        let distance =
            Int64(MessageNumbers.counter(of: message))
            - Int64(MessageNumbers.counter(of: lastMessage))
        let folded = UInt64(bitPattern: distance << 1 ^ distance >> 63)
        let isOther = MessageNumbers.reactor(of: message) != MessageNumbers.reactor(of: lastMessage)
        put(folded << 1 | (isOther ? 1 : 0))
        if isOther { put(MessageNumbers.reactor(of: message)) }
        lastMessage = message
    }
}
