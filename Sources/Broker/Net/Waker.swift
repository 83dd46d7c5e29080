// SPDX-License-Identifier: Apache-2.0
// Wakes a sleeping reactor from another thread.

import CLinux
import Glibc

/// An eventfd that any thread may signal; its reactor polls it.
package final class Waker: Sendable {
    private let descriptor: OwnedDescriptor

    package init() throws(SystemError) {
        let fd = eventfd(0, CInt(EFD_NONBLOCK | EFD_CLOEXEC))
        guard fd >= 0 else { throw SystemError("eventfd") }
        descriptor = OwnedDescriptor(fd)
    }

    /// The descriptor to poll for reading.
    package var rawValue: CInt { descriptor.rawValue }

    /// Wakes the poller.
    ///
    /// Callable from any thread and from a signal handler.
    package func wake() {
        var one: UInt64 = 1
        _ = retryingInterrupts { write(descriptor.rawValue, &one, 8) }
    }

    /// Waits until somebody has called `wake` since the last `clear`.
    ///
    /// - Parameter milliseconds: How long at most; for ever when negative.
    package func wait(milliseconds: CInt = -1) {
        var entry = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
        _ = retryingInterrupts { poll(&entry, 1, milliseconds) }
    }

    /// Takes back all wake-ups so far.
    package func clear() {
        var count: UInt64 = 0
        _ = retryingInterrupts { read(descriptor.rawValue, &count, 8) }
    }
}
