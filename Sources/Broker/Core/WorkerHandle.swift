// SPDX-License-Identifier: Apache-2.0
// What other threads may hold of a worker: its mailbox.

package import Net
import Synchronization

/// One thing that a thread asks a worker to do.
package enum MailboxMessage: Sendable {
    /// Publications for sessions of the worker.
    case deliveries(DeliveryBatch)
    /// Anything else; runs on the worker's thread.
    case job(@Sendable (Worker) -> Void)
}

/// A worker seen from other threads.
///
/// Messages of one sender are handled in the order sent. One wake-up per batch: only the message that
/// finds the mailbox empty signals the reactor.
package final class WorkerHandle: Sendable {
    /// Number of the worker, from 0.
    package let index: Int
    /// What the worker counts.
    package let counters = Counters()
    /// What the worker has, as of the last time it was asked.
    package let gauges = Gauges()

    /// How long its turns take.
    let turns = TurnFigures()
    /// What the worker and its sessions had when they were looked at last.
    let figures = Mutex(WorkerFigures())

    /// What the worker has been sent and not yet delivered.
    let backpressure = Backpressure()
    let waker: Waker
    private let mailbox = Mutex<[MailboxMessage]>([])
    private let isMailWaiting = Atomic(false)
    /// Where the worker is, while it serves.
    private let address = Atomic<UInt>(0)
    /// What a burst has needed beyond this is not kept for the next one.
    static let capacityKept = 256

    package init(index: Int) throws(SystemError) {
        self.index = index
        waker = try Waker()
    }

    /// The worker serves from now on, until `detach`.
    func attach(_ worker: Worker) {
        let pointer = Unmanaged.passUnretained(worker).toOpaque()
        address.store(UInt(bitPattern: pointer), ordering: .relaxed)
    }

    /// The worker has served.
    func detach() { address.store(0, ordering: .relaxed) }

    /// The worker itself: only for whoever is on its thread, see `Reactor.isCoScheduled`.
    var worker: Worker? {
        guard let pointer = UnsafeRawPointer(bitPattern: address.load(ordering: .relaxed)) else {
            return nil
        }
        return Unmanaged<Worker>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// Sends a message.
    ///
    /// Callable from any thread; never waits for the worker.
    package func post(_ message: MailboxMessage) {
        let wasEmpty = mailbox.withLock { mail in
            mail.append(message)
            isMailWaiting.store(true, ordering: .releasing)
            return mail.count == 1
        }
        if wasEmpty { waker.wake() }
    }

    /// Runs a closure on the worker's thread.
    ///
    /// Callable from any thread.
    package func post(_ job: @escaping @Sendable (Worker) -> Void) {
        post(.job(job))
    }

    /// Has the worker look whether there is something to be done.
    ///
    /// Callable from any thread.
    package func wake() { waker.wake() }

    /// What others write an eventfd's eight bytes to, to wake the worker.
    package var wakerDescriptor: CInt { waker.rawValue }

    /// Whether there is mail that `takeMail` has not taken.
    var hasMail: Bool { isMailWaiting.load(ordering: .acquiring) }

    /// Puts all mail behind those that wait in `mail`; only on the worker's thread.
    func takeMail(after mail: inout [MailboxMessage]) {
        mailbox.withLock { arrived in
            isMailWaiting.store(false, ordering: .relaxed)
            if mail.isEmpty {
                swap(&mail, &arrived)
            } else {
                mail += arrived
                arrived.removeAll(keepingCapacity: arrived.capacity <= Self.capacityKept)
            }
        }
    }
}
