// SPDX-License-Identifier: Apache-2.0
// How far a worker is behind with what others have sent it.

import Synchronization

/// The bytes of deliveries that a worker has been sent, or that plugins on reactors have handed in for
/// it, and that are not yet handled, and the workers that
/// wait until they have become fewer.
///
/// A sender that finds the pressure high stops reading from the client whose messages it is sending,
/// and so passes the pressure on to where it comes from. Any thread may call; nobody is kept waiting.
struct Backpressure: ~Copyable, Sendable {
    /// From here on clients are parked.
    private static let highMark = 2 << 20
    /// From here on they are read from again.
    private static let lowMark = 512 << 10

    private let bytes = Atomic<Int>(0)
    private let hasWaiters = Atomic<Bool>(false)
    private let waiters = Mutex<[Int]>([])

    /// Bytes that were sent and not yet handled.
    var byteCount: Int { max(0, bytes.load(ordering: .relaxed)) }

    /// Whether senders should stop.
    var isHigh: Bool { bytes.load(ordering: .relaxed) > Self.highMark }

    /// Deliveries have been sent.
    func add(_ count: Int) {
        bytes.add(count, ordering: .sequentiallyConsistent)
    }

    /// Deliveries have been handled; returns the workers that are to be told so.
    func remove(_ count: Int) -> [Int] {
        let rest = bytes.subtract(count, ordering: .sequentiallyConsistent).newValue
        guard rest < Self.lowMark, hasWaiters.load(ordering: .sequentiallyConsistent) else {
            return []
        }
        return takeWaiters()
    }

    /// Has a worker told when the pressure is low; returns whether it is already.
    func await(by worker: Int) -> Bool {
        waiters.withLock { waiters in
            if !waiters.contains(worker) { waiters.append(worker) }
        }
        hasWaiters.store(true, ordering: .sequentiallyConsistent)
        return bytes.load(ordering: .sequentiallyConsistent) < Self.lowMark
    }

    private func takeWaiters() -> [Int] {
        hasWaiters.store(false, ordering: .sequentiallyConsistent)
        return waiters.withLock { waiters in
            let taken = waiters
            waiters = []
            return taken
        }
    }
}
