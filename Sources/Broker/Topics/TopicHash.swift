// SPDX-License-Identifier: Apache-2.0
// A hash of whole topic names.

/// Hashes whole topic names, for caches keyed by topic.
package enum TopicHash {
    /// A 64-bit hash, different in every process so that no peer can aim for collisions.
    package static func hash(_ topic: RawSpan) -> UInt64 {
        UnsafeTopicHash.process.hash(topic)
    }
}
