// SPDX-License-Identifier: Apache-2.0
// The thread that looks after processes of plugins.

import Core
import Glibc
import Net
import Synchronization

/// The thread that looks after processes of plugins: it starts them, sees them end, notices those that
/// hang, and serves what concerns no worker.
///
/// It lives as long as the broker, because the processes end with it.
final class PluginKeeper: Sendable {
    /// What others want of the thread.
    enum Order: Sendable {
        /// Run a plugin from now on.
        case start(LoadedPlugin, PluginStart)
        /// End a plugin, then wake somebody.
        case stop(LoadedPlugin, Waker)
        /// End the thread.
        case end
    }

    private let orders = Mutex<[Order]>([])
    /// Wakes the thread; helpers write to it as well.
    let waker: Waker
    private let thread = Mutex<Thread?>(nil)

    init() throws(SystemError) { waker = try Waker() }

    /// Starts the thread.
    func start(_ host: PluginHost) throws(SystemError) {
        // The program as it is now: one that an upgrade puts in its place may be another.
        let executable = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
        guard executable >= 0 else { throw SystemError("open") }
        let started = try Thread(named: "plugin-keeper") { [self] in
            ProcessSignals.block()
            KeeperLoop(host, self, executable: executable).run()
            _ = close(executable)
        }
        thread.withLock { $0 = started }
    }

    /// Hands an order over.
    func order(_ order: Order) {
        orders.withLock { $0.append(order) }
        waker.wake()
    }

    /// Takes all orders out.
    func takeOrders() -> [Order] {
        orders.withLock { orders in
            defer { orders = [] }
            return orders
        }
    }

    /// Ends the thread, and waits for it.
    func stop() {
        order(.end)
        thread.withLock { $0.take() }?.join()
    }
}

/// Waits for a plugin to be set up.
final class PluginStart: Sendable {
    private let failure = Mutex<PluginHost.LoadError?>(nil)
    private let waker: Waker

    init() throws(SystemError) { waker = try Waker() }

    /// The plugin is set up, or cannot be.
    func conclude(_ error: PluginHost.LoadError?) {
        failure.withLock { $0 = error }
        waker.wake()
    }

    /// Waits until then.
    func wait() throws(PluginHost.LoadError) {
        waker.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
