// SPDX-License-Identifier: Apache-2.0
// The retained messages of a log that is read.

import Inflight

/// Retained messages by topic; for each of them the highest version counts.
///
/// No topic is copied: it is where it stands in the log, which must stay in memory.
struct RetainedTable {
    /// The retained message of a topic, or since when there is none.
    struct Entry {
        fileprivate let topic: UnsafeRawPointer?
        fileprivate let topicCount: UInt16
        fileprivate(set) var version: UInt64
        /// Its index in the table of messages.
        fileprivate(set) var message: UInt32?

        fileprivate func has(_ other: UnsafeRawBufferPointer) -> Bool {
            UnsafeRawBufferPointer(start: topic, count: Int(topicCount)).elementsEqual(other)
        }
    }

    /// In the order in which their topics were met first.
    private(set) var entries: [Entry] = []
    private var indices = IndexTable()
    private(set) var versionMax: UInt64 = 0

    /// The retained message of a topic is another one, or none.
    mutating func set(_ topic: UnsafeRawBufferPointer, _ version: UInt64, _ message: UInt32?) {
        assert(topic.count <= Int(UInt16.max), "a topic has at most 65,535 bytes")
        versionMax = max(versionMax, version)
        let hash = Self.hash(topic)
        let slot = indices.slot(hash) { entries[$0].has(topic) }
        if let index = indices[slot] {
            guard entries[index].version <= version else { return }
            entries[index].version = version
            entries[index].message = message
            return
        }
        entries.append(
            Entry(
                topic: topic.baseAddress,
                topicCount: UInt16(truncatingIfNeeded: topic.count),
                version: version,
                message: message
            )
        )
        _ = indices.add(slot, hash)
    }

    /// The entry of a topic.
    func entry(_ topic: [UInt8]) -> Entry? {
        topic.withUnsafeBytes { topic in
            let hash = Self.hash(topic)
            return indices[indices.slot(hash) { entries[$0].has(topic) }].map { entries[$0] }
        }
    }

    /// Seeded by lot for each process: topics come from clients.
    private static func hash(_ topic: UnsafeRawBufferPointer) -> UInt32 {
        var hasher = Hasher()
        hasher.combine(bytes: topic)
        return UInt32(truncatingIfNeeded: hasher.finalize())
    }
}
