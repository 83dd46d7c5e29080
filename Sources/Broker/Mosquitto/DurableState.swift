// SPDX-License-Identifier: Apache-2.0
// Where the broker's state comes from at the start, and where it goes at the end.

import Config
import Core
import Glibc
import Log
import Net
import Persist

/// What the broker remembers: one place decides whence it comes and whither it goes.
///
/// With `persistence false` it begins with nothing and leaves nothing.
struct DurableState: Sendable {
    private let broker: Broker
    private let isKept: Bool

    init(_ broker: Broker) {
        self.broker = broker
        isKept = broker.settings.configuration.persistence
    }

    /// What the broker begins with.
    struct Start {
        fileprivate let state: DatabaseState?

        /// Brings it back to life, on the workers' own threads.
        ///
        /// To be called before the first client comes; takes as long as it takes.
        func restore(on threads: BrokerThreads) {
            guard let state else { return }
            let clock = state.clock
            threads.ask(patience: nil) { $0.restoreRetained(state) }
            threads.ask(patience: nil) { $0.restoreSessions(state, clock: clock) }
            threads.ask(patience: nil) { $0.resumeTime() }
        }
    }

    /// Reads what was kept; after the listeners were opened, so that no other broker has them.
    func read() throws(StartError) -> Start {
        guard isKept else { return Start(state: nil) }
        let path = broker.settings.configuration.persistencePath
        do throws(DatabaseReadError) {
            return Start(state: try DatabaseState.read(path, for: broker))
        } catch {
            broker.log.error("Error: Couldn't open database.")
            throw StartError(
                line: "Error: \(path): \(error)",
                exitCode: error.isOfUnsupportedVersion ? 3 : 1
            )
        }
    }

    /// Ends the threads, and keeps what is to be kept.
    func stop(_ threads: BrokerThreads, awaitDecisions: () -> Void = {}) {
        broker.saver.finish()
        guard isKept else { return threads.stop(awaitDecisions: awaitDecisions) }
        let clock = WallClock()
        do throws(SystemError) {
            let collector = try SnapshotCollector(workers: broker.workers.count)
            threads.stop(awaitDecisions: awaitDecisions) { threads in
                threads.ask(patience: nil) { collector.add($0.stateAtEnd(clock)) }
            }
            broker.write(collector.wait(), isCleanShutdown: true, clock: clock)
        } catch {
            broker.log.error("Error saving in-memory database: \(error).")
            threads.stop(awaitDecisions: awaitDecisions)
        }
    }
}

extension DatabaseReadError {
    fileprivate var isOfUnsupportedVersion: Bool {
        if case .unsupportedVersion = reason { true } else { false }
    }
}
