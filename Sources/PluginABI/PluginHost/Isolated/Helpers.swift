// SPDX-License-Identifier: Apache-2.0
// All that a broker with plugins in processes of their own has for them.

import Core
import Net
import Synchronization

/// All that a broker with plugins in processes of their own has for them.
final class Helpers: Sendable {
    let keeper: PluginKeeper
    /// One for each worker.
    let desks: [WorkerDesk]
    /// The same, in memory that nobody counts references to; they live as long as this.
    nonisolated(unsafe) private let table: UnsafeMutableBufferPointer<Unmanaged<WorkerDesk>>
    private let loaded = Mutex<[LoadedPlugin]>([])
    /// Whether answers are left where they are until workers have caught up with what plugins publish.
    private let isHoldingBack = Atomic<Bool>(false)

    init(workerCount: Int) throws(SystemError) {
        keeper = try PluginKeeper()
        desks = (0..<workerCount).map { _ in WorkerDesk() }
        table = .allocate(capacity: workerCount)
        _ = table.initialize(from: desks.map(Unmanaged.passUnretained))
    }

    deinit { table.deallocate() }

    /// Lends the desk of a worker.
    @inline(__always)
    func withDesk<Result>(of worker: Int, _ body: (WorkerDesk) -> Result) -> Result {
        table[worker]._withUnsafeGuaranteedRef(body)
    }

    /// The plugins, in the order they were loaded.
    var plugins: [LoadedPlugin] { loaded.withLock { $0 } }

    func append(_ plugin: LoadedPlugin) { loaded.withLock { $0.append(plugin) } }

    func remove(_ plugin: LoadedPlugin) { loaded.withLock { $0.removeAll { $0 === plugin } } }

    /// A worker leaves answers where they are; the keeper sees to it that it comes back.
    func holdBack() {
        isHoldingBack.store(true, ordering: .sequentiallyConsistent)
        keeper.waker.wake()
    }

    /// Whether a worker has left answers since this was asked last.
    func takeHold() -> Bool { isHoldingBack.exchange(false, ordering: .sequentiallyConsistent) }
}
