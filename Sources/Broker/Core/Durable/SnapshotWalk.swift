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
    private var handles: [SessionHandle] = []
    private var slot: UInt32 = 0
    private var cursor: RetainedCursor?
    private let clock: WallClock

    init(_ worker: Worker, _ clock: WallClock) {
        self.clock = clock
        cursor = worker.index == 0 ? worker.broker.retained.cursorOverAll() : nil
    }

    /// Looks at the next ones; returns whether that was all.
    func step(_ worker: Worker) -> Bool {
        let isOver = stepRetained(worker)
        return stepSessions(worker) && isOver
    }

    /// What was found.
    func finish(_ worker: Worker) -> StateSnapshot {
        var isEnded = handles.makeIterator()
        snapshot.sessions.removeAll { _ in
            isEnded.next().map { worker.sessions[$0] == nil } ?? false
        }
        return snapshot
    }

    private func stepSessions(_ worker: Worker) -> Bool {
        var work = 0
        while slot < worker.sessions.slotEnd, work < Self.stepMax {
            let session = worker.sessions[slot: slot]
            slot += 1
            work += 1
            guard let session, session.isPersistent else { continue }
            let found = SessionSnapshot(session, clock)
            work += found.messages.count
            snapshot.sessions.append(found)
            handles.append(session.handle)
        }
        return slot >= worker.sessions.slotEnd
    }

    private func stepRetained(_ worker: Worker) -> Bool {
        guard let cursor else { return true }
        var found: [AnyObject] = []
        let isOver = worker.broker.retained.next(cursor, limit: Self.stepMax, into: &found)
        for value in found {
            let message = Message(value)
            if !message.isOfSysTree, !message.isExpired(at: worker.now) {
                snapshot.retained.append(message)
            }
        }
        return isOver
    }
}

extension Message {
    /// Whether it is about the broker itself: one that is retained is made anew at the start.
    var isOfSysTree: Bool { withPublication { $0.topic.starts(with: "$SYS".utf8) } }
}

extension Worker {
    /// Images the sessions of this worker in slices of its turns, then calls `body`.
    func collectState(_ clock: WallClock, _ body: @escaping (StateSnapshot) -> Void) {
        let walk = SnapshotWalk(self, clock)
        slices.add { [unowned self] in
            guard walk.step(self) else { return false }
            body(walk.finish(self))
            return true
        }
    }

    /// Images the sessions of this worker, which serves nobody any more.
    package func stateAtEnd(_ clock: WallClock) -> StateSnapshot {
        let walk = SnapshotWalk(self, clock)
        while !walk.step(self) {}
        return walk.finish(self)
    }
}
