// SPDX-License-Identifier: Apache-2.0
// The reactor threads: started together, asked together, stopped together.

import CLinux
import Config
import Core
import Glibc
import Log
import Net
import Synchronization

/// The threads that serve clients, seen from the control thread.
final class BrokerThreads: Sendable {
    let broker: Broker
    private let threads: [Thread]

    /// Starts one thread per worker.
    ///
    /// `prepare` runs when they are up, and what it has them do is done before any connection is
    /// accepted.
    init(
        _ broker: Broker,
        sockets: [ListenerSocket],
        prepare: (BrokerThreads) -> Void
    ) throws(SystemError) {
        self.broker = broker
        var threads: [Thread] = []
        for handle in broker.workers {
            let thread = try Thread(named: "reactor-\(handle.index)") {
                do throws(SystemError) {
                    try Worker(broker: broker, mailbox: handle).run()
                } catch {
                    broker.log.error("Error: Unable to start a reactor: \(error).")
                }
            }
            threads.append(thread)
        }
        self.threads = threads
        prepare(self)
        ask(patience: 10) { worker in
            do throws(SystemError) {
                try worker.listen(on: sockets)
            } catch {
                broker.health.noteListenerFailure()
                broker.log.error("Error: Unable to accept connections: \(error).")
            }
            worker.startBridges()
        }
    }

    /// Has every worker run `question` and waits for them, `patience` seconds at most; nil: for as
    /// long as it takes.
    func ask(patience: CInt? = 1, _ question: @escaping @Sendable (Worker) -> Void) {
        guard let answered = try? Latch(count: broker.workers.count) else { return }
        for worker in broker.workers {
            worker.post { worker in
                question(worker)
                answered.arrive()
            }
        }
        answered.wait(milliseconds: patience.map { $0 * 1000 } ?? -1)
    }

    /// Waits until all that the workers have recorded is safe, and what was held back for it has gone
    /// out; for `patience` seconds at most.
    func awaitSafety(patience: CInt) {
        guard let safe = try? Latch(count: broker.workers.count) else { return }
        for worker in broker.workers {
            worker.post { worker in worker.whenSafe { safe.arrive() } }
        }
        safe.wait(milliseconds: patience * 1000)
    }

    /// Ends every thread, in this order: nothing more is read; all wills are published, for which
    /// `awaitDecisions` lets plugins decide; everything is delivered; `finish` finds each session as
    /// it stays; connections are closed.
    func stop(
        awaitDecisions: () -> Void = {},
        finish: (BrokerThreads) -> Void = { _ in }
    ) {
        broker.health.phase = .stopping
        ask(patience: 10) { $0.stopReading() }
        ask(patience: 10) { $0.publishAllWills() }
        awaitDecisions()
        settle()
        finish(self)
        for worker in broker.workers { worker.post { $0.stop() } }
        for thread in threads { thread.join() }
    }

    /// Has everything delivered that was published by now; nothing may be read meanwhile.
    ///
    /// What a worker sends to others is mailed at the end of a turn, so it is there before the
    /// question after the next one. In the first round come wills, and what was published before;
    /// in the next, members of shared groups on other workers.
    private func settle() {
        for _ in 0..<3 { ask(patience: 10) { $0.finishDeliveries() } }
    }
}

/// Opens when as many threads have arrived as were expected.
private final class Latch: Sendable {
    private let missing: Atomic<Int>
    private let waker: Waker

    init(count: Int) throws(SystemError) {
        missing = Atomic(count)
        waker = try Waker()
    }

    func arrive() {
        if missing.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { waker.wake() }
    }

    func wait(milliseconds: CInt) {
        waker.wait(milliseconds: milliseconds)
    }
}
