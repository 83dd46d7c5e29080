// SPDX-License-Identifier: Apache-2.0
// Publications on their way from one reactor to another.

import Synchronization
import Topics

/// Runs of publications with their destinations on one other worker, copied into one arena.
///
/// Filled by one worker during a turn, then handed over through the mailbox: at any time exactly
/// one thread uses it, which is what makes `@unchecked Sendable` true.
package final class DeliveryBatch: @unchecked Sendable {
    struct Run {
        let topic: Range<Int>
        let entries: Range<Int>
        let destinations: Range<Int>
        let publisher: SessionHandle
        let origin: ClientIdentity?
        let qos: UInt8
        let isRetained: Bool
        /// The packets as they came, if they may go on unchanged; the run has no entries then.
        let wire: Range<Int>
        let isWireV5: Bool
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

    private(set) var runs: [Run] = []
    private(set) var entries: [Entry] = []
    private(set) var destinations: [Destination] = []
    private var bytes: [UInt8] = []
    private var sharedByteCount = 0

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
        runs.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
        destinations.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
        sharedByteCount = 0
        let kept =
            bytes.capacity + entries.capacity * MemoryLayout<Entry>.stride
            + destinations.capacity * MemoryLayout<Destination>.stride
            + runs.capacity * MemoryLayout<Run>.stride
        return kept <= Self.keptBytesMax
    }

    /// Adds the entries of a run for some destinations.
    func append(
        _ run: UnsafePublishRun,
        entries range: Range<Int>,
        to targets: some Collection<Destination>
    ) {
        let firstEntry = entries.count
        let firstDestination = destinations.count
        let topic = append(run.topic)
        let isWire =
            run.isWireUsable && run.isAbsorbable && range.count == run.count && !run.hasMessages
            && run.payloadByteCount < Self.sharedPayloadMin * run.count
        let wire = isWire ? append(run.wire) : 0..<0
        if !isWire {
            for index in range { appendEntry(run, index) }
        }
        destinations.append(contentsOf: targets)
        runs.append(
            Run(
                topic: topic,
                entries: firstEntry..<entries.count,
                destinations: firstDestination..<destinations.count,
                publisher: run.publisher,
                origin: run.origin,
                qos: run.qos,
                isRetained: run.isRetained,
                wire: wire,
                isWireV5: run.isWireV5
            )
        )
    }

    private func appendEntry(_ run: UnsafePublishRun, _ index: Int) {
        let entry = run[index]
        let payload = UnsafeRawBufferPointer(start: entry.payload, count: entry.payloadCount)
        let isShared =
            entry.payloadCount >= Self.sharedPayloadMin || run.storedMessage(index) != nil
        if isShared { sharedByteCount += entry.payloadCount }
        entries.append(
            Entry(
                properties: isShared ? 0..<0 : append(entry.properties),
                payload: isShared ? 0..<0 : append(payload),
                expiresAt: entry.expiresAt,
                message: isShared ? run.message(index) : nil
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
