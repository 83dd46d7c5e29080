// SPDX-License-Identifier: Apache-2.0
// The tools as they are used at a terminal: keys in, what is shown out.

import Foundation
import Glibc
import TestSupport

/// A program with a terminal of its own, played by the test.
final class TerminalProcess: @unchecked Sendable {
    // `@unchecked Sendable`: `shown` and `hasEnded` are only touched with `condition` locked.
    private let master: CInt
    private let pid: pid_t
    private let condition = NSCondition()
    private var shown = ""
    private var hasEnded = false

    /// Starts a program on a new terminal.
    init(_ program: ToolProgram, _ arguments: [String], environment: [String: String] = [:]) throws
    {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        // The calls of stdlib.h for this are hidden from Swift; these are what they do.
        let unlockRequest: UInt = 0x4004_5431
        let numberRequest: UInt = 0x8004_5430
        var isLocked: CInt = 0
        var number: CInt = 0
        guard master >= 0, ioctl(master, unlockRequest, &isLocked) == 0,
            ioctl(master, numberRequest, &number) == 0
        else { throw Mismatch("no terminal: errno \(errno)") }
        pid = try Self.spawn(
            [program.path] + arguments,
            terminal: "/dev/pts/\(number)",
            environment: ["TERM": "xterm", "LANG": "C.UTF-8", "HOME": "/nonexistent"]
                .merging(environment) { $1 }
        )
        let thread = Thread { [self] in readAll() }
        thread.start()
    }

    private static func spawn(
        _ words: [String],
        terminal: String,
        environment: [String: String]
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Opened by the leader of a new session, the terminal becomes its controlling one.
        posix_spawn_file_actions_addopen(&actions, 0, terminal, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        let newSession: CInt = 0x80
        let flags = CInt(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) | newSession
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] =
            environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, words[0], &actions, &attributes, &argv, &envp)
        guard result == 0 else { throw Mismatch("posix_spawn: errno \(result)") }
        return pid
    }

    deinit { close(master) }

    private func readAll() {
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(master, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            condition.withLock {
                if count > 0 {
                    shown += String(decoding: chunk[..<count], as: UTF8.self)
                } else {
                    hasEnded = true
                }
                condition.broadcast()
            }
            if count <= 0 { return }
        }
    }

    /// Waits until `text` is shown and returns everything up to its end, which is then forgotten.
    @discardableResult
    func expect(_ text: String, line: UInt = #line) throws -> String {
        let deadline = Date(timeIntervalSinceNow: 10)
        condition.lock()
        defer { condition.unlock() }
        while true {
            if let range = shown.range(of: text) {
                let before = String(shown[..<range.upperBound])
                shown = String(shown[range.upperBound...])
                return before
            }
            if hasEnded || !condition.wait(until: deadline) {
                throw Mismatch("no '\(text)' in \(shown.debugDescription)", line: line)
            }
        }
    }

    /// Whether the terminal gives out whole lines, and shows what is typed.
    var lineModes: (isCanonical: Bool, isEchoing: Bool) {
        var modes = termios()
        tcgetattr(master, &modes)
        return (
            modes.c_lflag & tcflag_t(ICANON) != 0, modes.c_lflag & tcflag_t(ECHO) != 0
        )
    }

    /// Types `text`.
    func type(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(master, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Types `text` and the return key.
    func enter(_ text: String) { type(text + "\r") }

    /// Waits for the end and returns the exit status, or 128 + signal.
    func wait(line: UInt = #line) throws -> CInt {
        let deadline = Date(timeIntervalSinceNow: 10)
        condition.lock()
        while !hasEnded, condition.wait(until: deadline) {}
        let ended = hasEnded
        condition.unlock()
        if !ended { kill(pid, SIGKILL) }
        var status: CInt = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        guard ended else { throw Mismatch("the program did not end", line: line) }
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + status & 0x7F
    }
}
