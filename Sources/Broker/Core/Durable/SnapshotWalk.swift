// SPDX-License-Identifier: Apache-2.0
// A worker images its sessions, a few at a time.

import Net
import Topics

/// The walk of one worker over its sessions, and of the first also over the retained messages.
///
/// Each session is seen whole at one moment, different ones at different moments. Those that come
/// meanwhile may be seen or not; those that end after they were seen are left out in the end.
final class SnapshotWalk {
    /// Messages, or sessions, looked at between two looks at the clock.
    private static let stepMax = 256

    private var snapshot = StateSnapshot()
    /// Of each piece of sessions.
    private var handles: [[SessionHandle]] = []
    private var slot: UInt32 = 0
    /// How many pieces were looked through for sessions that have ended.
    private var checkedCount = 0
    private var cursor: RetainedCursor?
    private let clock: WallClock

    init(_ worker: Worker, _ clock: WallClock) {
        self.clock = clock
        cursor = worker.index == 0 ? worker.broker.retained.cursorOverAll() : nil
    }

    /// Looks at the next ones; returns what was found when that was all.
    func step(_ worker: Worker) -> StateSnapshot? {
        if cursor != nil {
            stepRetained(worker)
        } else if slot < worker.sessions.slotEnd {
            stepSessions(worker)
        } else if checkedCount < handles.count {
            forgetEnded(worker)
        } else {
            return snapshot
        }
        return nil
    }

    private func stepSessions(_ worker: Worker) {
        var work = 0
        var found: [SessionSnapshot] = []
        var names: [SessionHandle] = []
        while slot < worker.sessions.slotEnd, work < Self.stepMax {
            let session = worker.sessions[slot: slot]
            slot += 1
            work += 1
            guard let session, session.isPersistent else { continue }
            let image = SessionSnapshot(session, clock)
            work += image.messages.count
            found.append(image)
            names.append(session.handle)
        }
        guard !found.isEmpty else { return }
        snapshot.sessions.append(found)
        handles.append(names)
    }

    /// A client identifier may have got another session since, which was seen as well.
    private func forgetEnded(_ worker: Worker) {
        let names = handles[checkedCount]
        if names.contains(where: { worker.sessions[$0] == nil }) {
            let pairs = zip(snapshot.sessions[checkedCount], names)
            snapshot.sessions[checkedCount] = pairs.compactMap { image, handle in
                worker.sessions[handle] == nil ? nil : image
            }
        }
        checkedCount += 1
    }

    private func stepRetained(_ worker: Worker) {
        guard let cursor else { return }
        var values: [AnyObject] = []
        let isOver = worker.broker.retained.next(cursor, limit: Self.stepMax, into: &values)
        let now = worker.now
        let found = values.map { Message($0) }.filter { !$0.isOfSysTree && !$0.isExpired(at: now) }
        if !found.isEmpty { snapshot.retained.append(found) }
        if isOver { self.cursor = nil }
    }
}

extension Message {
    /// Whether it is about the broker itself: one that is retained is made anew at the start.
    var isOfSysTree: Bool { withPublication { $0.topic.isOfBroker } }
}

extension Worker {
    /// Images the sessions of this worker in slices of its turns, then calls `body`.
    func collectState(_ clock: WallClock, _ body: @escaping (StateSnapshot) -> Void) {
        let walk = SnapshotWalk(self, clock)
        slices.add { [unowned self] in
            guard let snapshot = walk.step(self) else { return false }
            body(snapshot)
            return true
        }
    }

    /// Images the sessions of this worker, which serves nobody any more.
    package func stateAtEnd(_ clock: WallClock) -> StateSnapshot {
        let walk = SnapshotWalk(self, clock)
        while true {
            if let snapshot = walk.step(self) { return snapshot }
        }
    }
}
