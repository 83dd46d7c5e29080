// SPDX-License-Identifier: Apache-2.0
// Asking the service manager for more time.

import Net
import Synchronization

/// Asks the service manager for more time, again and again, until `end` is called: while sessions are
/// restored or saved, which takes as long as it takes.
final class TimeoutExtension: Sendable {
    /// How long the service manager is asked to wait for the next request.
    static let extensionSeconds = 30
    /// How long after one request the next one is made.
    private static let intervalSeconds: CInt = 10

    private let ending: Ending
    private let thread: Thread

    /// Makes the first request, and the others on a thread; nil without a service manager, or where
    /// no thread can be started.
    init?(_ notifier: ServiceNotifier) {
        guard notifier.hasManager, let waker = try? Waker() else { return nil }
        notifier.extendTimeout(seconds: Self.extensionSeconds)
        let ending = Ending(waker)
        let thread = try? Thread(named: "notify") {
            while true {
                ending.waker.wait(milliseconds: Self.intervalSeconds * 1000)
                if ending.isDue.load(ordering: .relaxed) { return }
                notifier.extendTimeout(seconds: Self.extensionSeconds)
            }
        }
        guard let thread else { return nil }
        self.ending = ending
        self.thread = thread
    }

    /// Makes no further requests.
    ///
    /// To be called once.
    func end() {
        ending.isDue.store(true, ordering: .relaxed)
        ending.waker.wake()
        thread.join()
    }

    /// Ends the thread.
    private final class Ending: Sendable {
        let waker: Waker
        let isDue = Atomic<Bool>(false)

        init(_ waker: Waker) { self.waker = waker }
    }
}
