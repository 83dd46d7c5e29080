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
        /// The packets are those of the publisher and may go on unchanged to this family.
        let isWireV5: Bool?
    }

    struct Entry {
        /// The whole packet, when it may go on unchanged; else empty.
        let packet: Range<Int>
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

    init() {}

    /// Empties the batch; its memory stays.
    ///
    /// Returns whether it is worth keeping.
    func reset() -> Bool {
        runs.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
        destinations.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
        return bytes.capacity <= Self.keptBytesMax
    }

    /// Adds the entries of a run for some destinations.
    func append(
        _ run: UnsafePublishRun,
        entries range: Range<Int>,
        to targets: UnsafeBufferPointer<Destination>
    ) {
        let firstEntry = entries.count
        let firstDestination = destinations.count
        let topic = append(run.topic)
        let isWire =
            run.isWireUsable && range.count == run.count && !run.hasMessages
            && run.payloadByteCount < Self.sharedPayloadMin * run.count
        if isWire {
            appendWire(run)
        } else {
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
                isWireV5: isWire ? run.isWireV5 : nil
            )
        )
    }

    /// All packets as they came, in one copy; the entries point into it.
    private func appendWire(_ run: UnsafePublishRun) {
        guard let base = run.wire.baseAddress else { return }
        let start = append(run.wire).lowerBound
        var packetStart = 0
        for index in 0..<run.count {
            let entry = run[index]
            let payload = entry.payloadCount == 0 ? start : start + (entry.payload - base)
            let properties =
                entry.properties.baseAddress.map { start + ($0 - base) } ?? start
            entries.append(
                Entry(
                    packet: (start + packetStart)..<(start + entry.wireEnd),
                    properties: properties..<(properties + entry.properties.count),
                    payload: payload..<(payload + entry.payloadCount),
                    expiresAt: entry.expiresAt,
                    message: nil
                )
            )
            packetStart = entry.wireEnd
        }
    }

    private func appendEntry(_ run: UnsafePublishRun, _ index: Int) {
        let entry = run[index]
        let payload = UnsafeRawBufferPointer(start: entry.payload, count: entry.payloadCount)
        let isShared =
            entry.payloadCount >= Self.sharedPayloadMin || run.storedMessage(index) != nil
        entries.append(
            Entry(
                packet: 0..<0,
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
