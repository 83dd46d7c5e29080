// SPDX-License-Identifier: Apache-2.0
// Signals as a descriptor to wait on, and what each asks for.

import CLinux
import Glibc
import Net

/// What a signal asks the broker to do.
enum BrokerSignal {
    /// SIGTERM, SIGINT: stop in order.
    case stop
    /// SIGHUP: read the configuration again.
    case reload
    /// SIGRTMIN: open the log destinations again.
    case reopenLog
    /// SIGUSR1: save the snapshot database.
    case save
    /// SIGUSR2: print the subscription tree.
    case printTree
}

/// The signals of the process as a descriptor to wait on.
///
/// Make it on the main thread before any other exists.
final class Signals: Sendable {
    private let waker: Waker
    private let pending: CInt

    /// The meaning of each signal taken over.
    private static let meanings: [(number: CInt, signal: BrokerSignal)] = [
        (SIGTERM, .stop), (SIGINT, .stop), (SIGHUP, .reload),
        (__libc_current_sigrtmin(), .reopenLog), (SIGUSR1, .save), (SIGUSR2, .printTree),
    ]

    /// Takes the signals over; SIGPIPE does nothing from then on.
    init() throws(StartError) {
        do throws(SystemError) {
            waker = try Waker()
            // The handler may write to it until the process is gone.
            _ = Unmanaged.passRetained(waker)
            pending = try ProcessSignals.install(
                Self.meanings.map(\.number),
                waking: waker.rawValue
            )
        } catch {
            throw StartError(line: "Error: Unable to receive signals: \(error).", exitCode: 1)
        }
    }

    /// The next signal that has arrived; nil if there is none.
    ///
    /// A reload that is under way must have been announced before (`ReloadGate.close`).
    func next() -> BrokerSignal? {
        guard let number = ProcessSignals.takeNext() else { return nil }
        return Self.meanings.first { $0.number == number }?.signal
    }

    /// Has `wait` return: something else is to be done.
    ///
    /// Callable from any thread.
    func wake() { waker.wake() }

    /// Waits until a signal arrives or the time is up; negative waits for ever.
    func wait(milliseconds: CInt) {
        var entries = [waker.rawValue, pending].map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        _ = poll(&entries, 2, milliseconds)
    }
}
