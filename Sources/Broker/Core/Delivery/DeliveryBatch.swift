// SPDX-License-Identifier: Apache-2.0
// Publications on their way from one reactor to another.

import Inflight
import Synchronization
import Topics

/// Batches of publications with their destinations on one other worker, copied into one arena.
///
/// Filled by one worker during a turn, then handed over through the mailbox: at any time exactly
/// one thread uses it, which is what makes `@unchecked Sendable` true.
package final class DeliveryBatch: @unchecked Sendable {
    struct Part {
        let topic: Range<Int>
        let entries: Range<Int>
        let destinations: Range<Int>
        let publisher: SessionHandle
        let origin: ClientIdentity?
        let qos: UInt8
        let isRetained: Bool
        /// The packets as they came, if they may go on unchanged; there are no entries then.
        let wire: Range<Int>
        let isWireV5: Bool
        /// Number of the first entry in the session log; 0: none.
        let firstNumber: MessageNumber
    }

    struct Entry {
        let properties: Range<Int>
        let payload: Range<Int>
        let expiresAt: Int64
        /// A large message is shared instead of copied.
        let message: Message?
    }

    /// From this payload size on, messages are shared between reactors, not copied.
    private static let sharedPayloadMin = 4 << 10
    /// A batch with more room than this is not kept for the next time.
    private static let keptBytesMax = 1 << 20

    private(set) var parts: [Part] = []
    private(set) var entries: [Entry] = []
    private(set) var destinations: [Destination] = []
    private var bytes: [UInt8] = []
    private var sharedByteCount = 0
    /// When the turn began in which the first of them was read, in nanoseconds.
    var readAt: Int64 = 0
    /// What delivering it all takes; see `PublishBatch.workPerDestination`.
    private(set) var work = 0

    init() {}

    /// About how much memory the batch keeps.
    var byteCount: Int {
        bytes.count + sharedByteCount + destinations.count * MemoryLayout<Destination>.stride
            + entries.count * MemoryLayout<Entry>.stride
    }

    /// Empties the batch; its memory stays.
    ///
    /// Returns whether it is worth keeping.
    func reset() -> Bool {
        parts.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
        destinations.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
        sharedByteCount = 0
        work = 0
        let kept =
            bytes.capacity + entries.capacity * MemoryLayout<Entry>.stride
            + destinations.capacity * MemoryLayout<Destination>.stride
            + parts.capacity * MemoryLayout<Part>.stride
        return kept <= Self.keptBytesMax
    }

    /// Adds the entries of a batch for some destinations.
    func append(
        _ batch: PublishBatch,
        entries range: Range<Int>,
        to targets: some Collection<Destination>
    ) {
        let firstEntry = entries.count
        let firstDestination = destinations.count
        let topic = append(batch.topic)
        var wire = 0..<0
        if let packets = batch.wire, packets.isCoalescible, range.count == batch.count,
            !batch.hasMessages, batch.payloadByteCount < Self.sharedPayloadMin * batch.count
        {
            wire = append(packets.bytes)
        } else {
            for index in range { appendEntry(batch, index) }
        }
        destinations.append(contentsOf: targets)
        work &+= targets.count &* batch.workPerDestination
        parts.append(
            Part(
                topic: topic,
                entries: firstEntry..<entries.count,
                destinations: firstDestination..<destinations.count,
                publisher: batch.publisher,
                origin: batch.origin,
                qos: batch.qos,
                isRetained: batch.isRetained,
                wire: wire,
                isWireV5: batch.wire?.isV5 == true,
                firstNumber: batch.firstNumber == 0
                    ? 0 : MessageNumbers.following(batch.firstNumber, by: range.lowerBound)
            )
        )
    }

    private func appendEntry(_ batch: PublishBatch, _ index: Int) {
        let entry = batch[index]
        let payload = UnsafeRawBufferPointer(start: entry.payload, count: entry.payloadCount)
        let isShared =
            entry.payloadCount >= Self.sharedPayloadMin || batch.storedMessage(index) != nil
        if isShared { sharedByteCount += entry.payloadCount }
        entries.append(
            Entry(
                properties: isShared ? 0..<0 : append(entry.properties),
                payload: isShared ? 0..<0 : append(payload),
                expiresAt: entry.expiresAt,
                message: isShared ? batch.message(index) : nil
            )
        )
    }

    private func append(_ source: UnsafeRawBufferPointer) -> Range<Int> {
        let start = bytes.count
        bytes.append(contentsOf: source)
        return start..<bytes.count
    }

    /// Lends the arena that the ranges refer to.
    func withBytes(_ body: (UnsafeRawBufferPointer) -> Void) {
        bytes.withUnsafeBytes(body)
    }
}

/// Empty batches, shared by all workers so that the memory of the last turns is used again.
final class DeliveryBatchPool: Sendable {
    private static let keptMax = 16

    private let batches = Mutex<[DeliveryBatch]>([])

    /// An empty batch.
    func take() -> DeliveryBatch {
        batches.withLock { $0.popLast() } ?? DeliveryBatch()
    }

    /// Takes a batch back whose content has been delivered.
    func give(_ batch: DeliveryBatch) {
        guard batch.reset() else { return }
        batches.withLock { batches in
            if batches.count < Self.keptMax { batches.append(batch) }
        }
    }
}
