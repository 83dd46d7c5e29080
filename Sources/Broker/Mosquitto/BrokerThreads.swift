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
    /// `prepare` runs when the first one is up; what it asks for has been done when it calls
    /// `settle`. Connections are accepted after that.
    init(
        _ broker: Broker,
        sockets: [ListenerSocket],
        prepare: (_ settle: () -> Void) -> Void
    ) throws(SystemError) {
        self.broker = broker
        var threads: [Thread] = []
        for handle in broker.workers {
            let thread = try Thread(named: "reactor-\(handle.index)") {
                do throws(SystemError) {
                    try Worker(broker: broker, mailbox: handle).serve()
                } catch {
                    broker.log.error("Error: Unable to start a reactor: \(error).")
                }
            }
            threads.append(thread)
        }
        self.threads = threads
        prepare { ask(patience: 10) { _ in } }
        ask(patience: 10) { worker in
            do throws(SystemError) {
                try worker.listen(on: sockets)
            } catch {
                broker.log.error("Error: Unable to accept connections: \(error).")
            }
        }
    }

    /// Has every worker run `question` and waits for them, `patience` seconds at most.
    func ask(patience: CInt = 1, _ question: @escaping @Sendable (Worker) -> Void) {
        guard let answered = try? Latch(count: broker.workers.count) else { return }
        for worker in broker.workers {
            worker.post { worker in
                question(worker)
                answered.arrive()
            }
        }
        answered.wait(milliseconds: patience * 1000)
    }

    /// Publishes all wills, for which `awaitDecisions` lets plugins decide, then ends every thread.
    func stop(awaitDecisions: () -> Void = {}) {
        ask { $0.publishAllWills() }
        awaitDecisions()
        for worker in broker.workers { worker.post { $0.stop() } }
        for thread in threads { thread.join() }
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
