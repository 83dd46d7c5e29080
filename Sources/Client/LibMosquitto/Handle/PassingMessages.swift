// SPDX-License-Identifier: Apache-2.0
// QoS 0 messages on their way to the socket.

/// QoS 0 messages that were said over a connection, until the socket has taken the last byte of each.
///
/// Invariant: they lie behind each other, as they were said.
struct PassingMessages {
    private struct Entry {
        let mid: CInt
        /// Bytes that were said over the connection up to its end.
        let end: Int
    }

    private var entries: [Entry] = []

    /// Whether there is none.
    var isEmpty: Bool { entries.isEmpty }

    /// A message was said, the last byte of which is the connection's `end`th.
    mutating func append(_ mid: CInt, end: Int) {
        assert(end >= entries.last?.end ?? 0, "they lie behind each other")
        entries.append(Entry(mid: mid, end: end))
    }

    /// The socket has taken so many bytes of the connection: takes away the messages among them.
    mutating func take(upTo taken: Int, _ use: (_ mid: CInt) -> Void) {
        guard let first = entries.first, first.end <= taken else { return }
        let count = entries.firstIndex { $0.end > taken } ?? entries.count
        for entry in entries[..<count] { use(entry.mid) }
        if count == entries.count {
            entries.removeAll(keepingCapacity: true)
        } else {
            entries.removeFirst(count)
        }
    }

    /// The connection is gone.
    mutating func removeAll() { entries.removeAll(keepingCapacity: true) }
}
