// SPDX-License-Identifier: Apache-2.0
// The snapshot database is saved while the broker runs.

import Config
import Log
import MQTT
import Net
import Persist
import Synchronization

/// Saves the snapshot database when it is asked to, one save at a time.
///
/// Each worker images its sessions in slices of its turns; a thread that nobody waits for writes the
/// file. Any thread may ask.
package final class StateSaver: Sendable {
    private struct State {
        var isBusy = false
        /// Somebody has asked while a save was under way, which may have passed what he wants saved.
        var isWantedAgain = false
        var isOver = false
        /// The one that saves, or that has saved last.
        var thread: Thread?
    }

    private let state = Mutex(State())

    package init() {}

    /// Begins to save, or has it done once more after the save that is under way; false where state
    /// is not kept.
    @discardableResult
    package func save(_ broker: Broker) -> Bool {
        guard broker.settings.configuration.persistence else { return false }
        state.withLock { state in
            guard !state.isOver else { return }
            guard !state.isBusy else {
                state.isWantedAgain = true
                return
            }
            state.thread?.join()
            do throws(SystemError) {
                state.thread = try Thread(named: "save") { [self] in run(broker) }
                state.isBusy = true
            } catch {
                state.thread = nil
                broker.log.error("Error saving in-memory database: \(error).")
            }
        }
        return true
    }

    /// Waits until nothing is being saved; nothing is from then on.
    package func finish() {
        let thread = state.withLock { state in
            state.isOver = true
            return state.thread
        }
        thread?.join()
    }

    private func run(_ broker: Broker) {
        Thread.lowerPriority()
        repeat {
            state.withLock { $0.isWantedAgain = false }
            do throws(SystemError) {
                let collector = try SnapshotCollector(workers: broker.workers.count)
                let clock = WallClock()
                for worker in broker.workers {
                    worker.post { $0.collectState(clock) { collector.add($0) } }
                }
                broker.write(collector.wait(), isCleanShutdown: false, clock: clock)
            } catch {
                broker.log.error("Error saving in-memory database: \(error).")
            }
        } while goesOn()
    }

    /// Whether to save once more; if not, the thread is done.
    private func goesOn() -> Bool {
        state.withLock { state in
            state.isBusy = state.isWantedAgain && !state.isOver
            return state.isBusy
        }
    }
}

extension Broker {
    /// What has changed since the start, as `autosave_on_changes` counts: messages queued and
    /// completed, subscribing and unsubscribing, clients that come in without a clean start,
    /// retained messages.
    package var changeCount: UInt64 {
        let packets: [PacketType] = [.subscribe, .unsubscribe, .puback, .pubcomp]
        return workers.map(\.counters).reduce(0) { sum, counters in
            packets.reduce(sum &+ counters.changes.current) { $0 &+ counters.received.current($1) }
        }
    }

    /// Writes a snapshot to the database, and says so in the log.
    ///
    /// Blocks on the disk. Returns whether the file is there.
    @discardableResult
    package func write(
        _ snapshot: StateSnapshot,
        isCleanShutdown: Bool,
        clock: WallClock
    ) -> Bool {
        let configuration = settings.configuration
        let path = configuration.persistencePath
        log.info("Saving in-memory database to \(path).")
        do throws(DatabaseWriteError) {
            try snapshot.write(
                to: path,
                configuration,
                isCleanShutdown: isCleanShutdown,
                clock: clock
            ) { log.error($0.logLine) }
            durable.noteSave(at: clock.now, isWritten: true)
            return true
        } catch {
            log.error(error.logLine)
            durable.noteSave(at: clock.now, isWritten: false)
            return false
        }
    }
}
