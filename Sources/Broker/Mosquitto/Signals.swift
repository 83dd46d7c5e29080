// SPDX-License-Identifier: Apache-2.0
// Signals as a descriptor to read from.

import CLinux
import Glibc

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

/// The signals of the process as a descriptor: no handler ever interrupts a thread.
///
/// Make it on the main thread before any other exists, so that every thread inherits the blocked mask
/// and the signals are delivered here only.
final class Signals: Sendable {
    /// The descriptor to wait on; it becomes readable when a signal has arrived.
    let descriptor: CInt

    /// The meaning of each signal taken over.
    private static let meanings: [(number: CInt, signal: BrokerSignal)] = [
        (SIGTERM, .stop), (SIGINT, .stop), (SIGHUP, .reload),
        (__libc_current_sigrtmin(), .reopenLog), (SIGUSR1, .save), (SIGUSR2, .printTree),
    ]

    /// Blocks the signals and opens the descriptor; SIGPIPE is ignored from then on.
    init() throws(StartError) {
        _ = signal(SIGPIPE, SIG_IGN)
        var set = sigset_t()
        sigemptyset(&set)
        for meaning in Self.meanings { sigaddset(&set, meaning.number) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        descriptor = signalfd(-1, &set, CInt(SFD_CLOEXEC) | CInt(SFD_NONBLOCK))
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            throw StartError(line: "Error: Unable to receive signals: \(reason).", exitCode: 1)
        }
    }

    deinit {
        _ = close(descriptor)
    }

    /// The next signal that has arrived; nil if there is none.
    func next() -> BrokerSignal? {
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        guard read(descriptor, &info, size) == size else { return nil }
        return Self.meanings.first { $0.number == CInt(info.ssi_signo) }?.signal
    }

    /// Waits until a signal arrives or the time is up; negative waits for ever.
    func wait(milliseconds: CInt) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&entry, 1, milliseconds)
    }
}
