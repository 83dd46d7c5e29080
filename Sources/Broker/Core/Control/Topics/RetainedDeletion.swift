// SPDX-License-Identifier: Apache-2.0
// Retained messages that are deleted.

import Topics

/// Deletes the retained messages that match a filter, some in each step; on the first worker.
final class RetainedDeletion {
    /// Messages deleted between two looks at the clock, and those that are named.
    private static let stepMax = 16
    static let namedMax = 100

    private let cursor: RetainedCursor
    private let isDryRun: Bool
    private(set) var count = 0
    private(set) var topics: [String] = []

    init(_ worker: Worker, _ filter: [UInt8], isDryRun: Bool) {
        cursor = worker.broker.retained.cursor(filter: filter.span.bytes)
        self.isDryRun = isDryRun
    }

    /// Does a piece of the work; itself when it is done.
    func step(_ worker: Worker) -> RetainedDeletion? {
        let store = worker.broker.retained
        if isDryRun {
            var found: [AnyObject] = []
            let isFinished = store.next(cursor, limit: Self.stepMax, into: &found)
            note(found)
            return isFinished ? self : nil
        }
        let (removed, version, isFinished) = store.removeAll(cursor, limit: Self.stepMax) { _ in
            true
        }
        if !removed.isEmpty { worker.noteRemoved(removed, version) }
        note(removed)
        return isFinished ? self : nil
    }

    private func note(_ values: [AnyObject]) {
        count += values.count
        for value in values.prefix(Self.namedMax - topics.count) {
            let topic = Message(value).withPublication { Array($0.topic) }
            topics.append(String(decoding: topic, as: UTF8.self))
        }
    }
}
