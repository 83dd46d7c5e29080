// SPDX-License-Identifier: Apache-2.0
// How many records of each kind a file has.

import Inflight
import Persist

/// Counts the records of each kind (`--stats`).
struct CountDump: DatabaseReceiver {
    private var counts: [DatabaseChunkKind: Int] = [:]

    mutating func willReceive(_ chunk: DatabaseChunk) {
        if let kind = chunk.kind { counts[kind, default: 0] += 1 }
    }

    mutating func receive(_ configuration: DatabaseConfiguration) {}
    mutating func receive(
        _ message: DatabaseMessage,
        topic: RawSpan,
        properties: RawSpan,
        payload: RawSpan
    ) {}
    mutating func receive(_ client: DatabaseClient) {}
    mutating func receive(_ delivery: DatabaseDelivery) {}
    mutating func receive(_ subscription: DatabaseSubscription) {}
    mutating func receive(retained number: MessageNumber) {}
    mutating func receive(_ notice: DatabaseNotice) { DumpNotices.say(notice) }

    /// A line for each kind.
    var text: String {
        let kinds: [DatabaseChunkKind] = [
            .configuration, .message, .delivery, .retained, .subscription, .client,
        ]
        return kinds.map { kind in
            let label = "\(kind.label):"
            let blanks = String(repeating: " ", count: 21 - label.count)
            return "\(label)\(blanks)\(counts[kind, default: 0])\n"
        }
        .joined()
    }
}

extension DatabaseChunkKind {
    /// The kind as the dump calls it.
    var label: String {
        switch self {
        case .configuration: "DB_CHUNK_CFG"
        case .message: "DB_CHUNK_BASE_MSG"
        case .delivery: "DB_CHUNK_CLIENT_MSG"
        case .retained: "DB_CHUNK_RETAIN"
        case .subscription: "DB_CHUNK_SUB"
        case .client: "DB_CHUNK_CLIENT"
        }
    }
}
