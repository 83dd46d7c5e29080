// SPDX-License-Identifier: Apache-2.0
// A worker looks at all its sessions, without anybody having to wait.

import Net
import Synchronization

/// A worker looks at all its sessions, some in each step.
final class FiguresWalk {
    /// Sessions looked at between two looks at the clock.
    private static let stepMax: UInt32 = 256

    private var figures = WorkerFigures()
    private var slot: UInt32 = 0
    /// Who waits for the end.
    fileprivate var waiting: [() -> Void] = []

    /// Looks at the next ones; whether those were all.
    fileprivate func step(_ worker: Worker) -> Bool {
        let sessions = worker.sessions
        let end = min(sessions.slotEnd, slot + Self.stepMax)
        while slot < end {
            if let session = sessions[slot: slot] { figures.add(session) }
            slot += 1
        }
        guard slot >= sessions.slotEnd else { return false }
        figures.parkedCount = worker.parkedPeers.count
        figures.connectionCount = worker.reactor.connectionCount
        let (packets, bytes) = worker.reactor.waitingOutput
        figures.packetsWaiting = packets
        figures.bytesWaiting = bytes
        let result = figures
        worker.mailbox.figures.withLock { $0 = result }
        return true
    }
}

extension Worker {
    /// Looks at all sessions in slices of this worker's turns, then calls `body`; who asks while that is
    /// under way waits for the same end.
    func updateFigures(_ body: @escaping () -> Void) {
        if let walk = figuresWalk {
            walk.waiting.append(body)
            return
        }
        let walk = FiguresWalk()
        walk.waiting.append(body)
        figuresWalk = walk
        slices.add { [unowned self] in
            guard walk.step(self) else { return false }
            figuresWalk = nil
            for body in walk.waiting { body() }
            return true
        }
    }
}
