// SPDX-License-Identifier: Apache-2.0
// From records to bytes.

import Inflight
import MQTT

extension RecordBuffer {
    /// Writes a record that has no list.
    package mutating func write(_ record: LogRecord) {
        if extend(record) { return }
        closeRecord()
        switch record {
        case .acknowledged(let session, let stretch):
            open = .identifiers(.acknowledged, session, stretch)
        case .released(let session, let stretch):
            open = .identifiers(.released, session, stretch)
        case .completed(let session, let stretch):
            open = .identifiers(.completed, session, stretch)
        case .sent(let sending):
            open = .sent(sending)
        case .dropped(let session, let sequence, let count, let reason):
            open = .dropped(session, sequence: sequence, count: count, reason)
        case .accepted, .delivered, .imageEntries:
            preconditionFailure("a record with a list is written with its list")
        case .clock, .synced, .checkpointCompleted, .cleanShutdown, .retainedSet, .retainedCleared,
            .imageBegan, .imageEnded, .identity:
            writeOther(record)
        default:
            writeSession(record)
        }
    }

    // MARK: Merging

    /// Whether the record continues the open one, which then stands for both.
    private mutating func extend(_ record: LogRecord) -> Bool {
        switch (open, record) {
        case (
            .identifiers(.acknowledged, let session, let before), .acknowledged(let same, let next)
        ):
            session == same && extend(.acknowledged, session, before, next)
        case (.identifiers(.released, let session, let before), .released(let same, let next)):
            session == same && extend(.released, session, before, next)
        case (.identifiers(.completed, let session, let before), .completed(let same, let next)):
            session == same && extend(.completed, session, before, next)
        case (.sent(let before), .sent(let next)):
            extend(before, next)
        case (
            .dropped(let session, let sequence, let count, let reason),
            .dropped(let same, let next, let more, let nextReason)
        ):
            session == same && next == sequence + count && reason == nextReason
                && openDropped(session, sequence, count + more, reason)
        default: false
        }
    }

    private mutating func openDropped(
        _ session: SessionNumber,
        _ sequence: UInt64,
        _ count: UInt64,
        _ reason: LogDropReason
    ) -> Bool {
        open = .dropped(session, sequence: sequence, count: count, reason)
        return true
    }

    private mutating func extend(
        _ tag: LogTag,
        _ session: SessionNumber,
        _ stretch: IdentifierStretch,
        _ next: IdentifierStretch
    ) -> Bool {
        let count = stretch.count + next.count
        guard count <= LogLimits.stretchMax, next.first == stretch[stretch.count] else {
            return false
        }
        open = .identifiers(tag, session, IdentifierStretch(first: stretch.first, count: count))
        return true
    }

    private mutating func extend(_ before: LogSending, _ next: LogSending) -> Bool {
        let count = before.identifiers.count + next.identifiers.count
        guard before.session == next.session, before.qos == next.qos,
            next.sequence == before.sequence + UInt64(before.identifiers.count),
            next.identifiers.first == before.identifiers[before.identifiers.count],
            count <= LogLimits.stretchMax
        else { return false }
        var both = before
        both.identifiers.count = count
        both.lastIdentifier = next.lastIdentifier
        open = .sent(both)
        return true
    }

    /// Writes the record that was kept open.
    mutating func closeRecord() {
        switch open {
        case .nothing: return
        case .identifiers(let tag, let session, let stretch):
            put(tag)
            put(session)
            put(stretch)
        case .sent(let sending):
            put(LogTag.sent)
            put(sending.session)
            put(sending.sequence)
            put(sending.identifiers)
            put(sending.qos)
            put(identifier: sending.lastIdentifier)
        case .dropped(let session, let sequence, let count, let reason):
            put(LogTag.dropped)
            put(session)
            put(sequence)
            put(count)
            put(reason.rawValue)
        case .delivered(let repetitions) where repetitions > 0:
            put(LogTag.deliveredAgain)
            put(UInt8(repetitions))
        case .delivered: break
        }
        open = .nothing
    }

    private mutating func put(_ stretch: IdentifierStretch) {
        put(identifier: stretch.first)
        put(UInt64(stretch.count))
    }
}
