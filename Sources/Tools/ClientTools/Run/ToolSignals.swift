// SPDX-License-Identifier: Apache-2.0
// The signals that have mosquitto_sub and mosquitto_rr leave in good order.

import Glibc
import Synchronization

/// SIGINT and SIGTERM as something to read.
final class ToolSignals {
    /// Becomes readable when a signal has come; -1 if that cannot be told.
    let descriptor: CInt
    private let writer: CInt
    /// Where the handler writes to: the only thing that it may do.
    private static let pipe = Atomic<CInt>(-1)

    /// Takes the signals over from now on.
    init() {
        var ends: [CInt] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else {
            descriptor = -1
            writer = -1
            return
        }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        descriptor = ends[0]
        writer = ends[1]
        Self.pipe.store(writer, ordering: .releasing)
        for number in [SIGINT, SIGTERM] {
            signal(number) { _ in
                let before = errno
                var byte: UInt8 = 1
                _ = write(ToolSignals.pipe.load(ordering: .acquiring), &byte, 1)
                errno = before
            }
        }
    }

    deinit {
        guard descriptor >= 0 else { return }
        for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
        Self.pipe.store(-1, ordering: .releasing)
        close(descriptor)
        close(writer)
    }

    /// Takes what has come.
    func take() {
        var byte: UInt8 = 0
        while read(descriptor, &byte, 1) > 0 {}
    }
}
