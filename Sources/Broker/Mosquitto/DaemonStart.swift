// SPDX-License-Identifier: Apache-2.0
// Becoming a daemon whose start is reported by the process that was started.

import Glibc
import Log
import Net

/// The daemon's way to tell the process that was started how the start went.
///
/// ```
/// started process: fork ── copies what comes to stderr ── NUL: exits 0; end: exits as the daemon did
///                    └► daemon: setsid, /dev/null ── error lines ─────────┴─ NUL when it serves
/// ```
/// A NUL byte is in no line of the log.
struct DaemonStart: ~Copyable {
    /// The end of the pipe that is written to.
    private let descriptor: OwnedDescriptor
    private let log: Log

    /// Goes to the background: one fork, a session of its own, no terminal, same directory.
    ///
    /// Returns in the daemon only; the process that was started waits for it and exits. Must run before
    /// any thread exists, since only the calling one survives a fork.
    init(_ log: Log) throws(StartError) {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Self.failure }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let child = fork()
        guard child >= 0 else { throw Self.failure }
        if child > 0 {
            _ = close(ends[1])
            exit(Self.awaitStart(of: child, reading: ends[0]))
        }
        _ = close(ends[0])
        guard setsid() >= 0, Self.leaveTerminal() else { throw Self.failure }
        descriptor = OwnedDescriptor(ends[1])
        self.log = log
        log.copyErrors(to: descriptor.rawValue)
    }

    deinit { log.copyErrors(to: nil) }

    /// Tells that the broker serves; the process that was started exits.
    consuming func succeed() {
        var end: UInt8 = 0
        _ = retryingInterrupts { write(descriptor.rawValue, &end, 1) }
    }

    /// Puts nothing in the place of standard input, output and error.
    private static func leaveTerminal() -> Bool {
        let nothing = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard nothing >= 0 else { return false }
        defer { if nothing > STDERR_FILENO { _ = close(nothing) } }
        return [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO].allSatisfy { dup2(nothing, $0) >= 0 }
    }

    /// Copies what the daemon tells until it serves or has ended; the status to exit with.
    private static func awaitStart(of child: pid_t, reading descriptor: CInt) -> CInt {
        var buffer = [UInt8](repeating: 0, count: 4096)
        var hasTold = false
        while true {
            let count = retryingInterrupts { read(descriptor, &buffer, buffer.count) }
            guard count > 0 else { break }
            let text = buffer[..<count].prefix { $0 != 0 }
            hasTold = hasTold || !text.isEmpty
            _ = Array(text).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if text.count < count { return 0 }
        }
        var status: CInt = 0
        guard waitpid(child, &status, 0) == child else { return 1 }
        let signal = status & 0x7F
        let code = signal == 0 ? (status >> 8) & 0xFF : 128 + signal
        if !hasTold {
            let end = signal == 0 ? "ended with status \(code)" : "was ended by signal \(signal)"
            let line = Array("Error: The broker did not start: it \(end).\n".utf8)
            _ = write(STDERR_FILENO, line, line.count)
        }
        // What ends with 0 before it serves was asked to.
        return code
    }

    private static var failure: StartError {
        StartError(line: "Error in daemonise: \(String(cString: strerror(errno)))", exitCode: 1)
    }
}
