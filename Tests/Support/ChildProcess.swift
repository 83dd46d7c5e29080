// SPDX-License-Identifier: Apache-2.0
// Starts processes whose life ends with that of the tests, and collects their output.

import Foundation
import Glibc

/// How a finished process ended and what it wrote.
package struct Outcome: Sendable {
    /// The exit status, or 128 + signal number.
    package let status: CInt
    package let output: String
    package let errors: String
}

/// A child process with collected standard output and error.
package final class ChildProcess: @unchecked Sendable {
    // `@unchecked Sendable`: `reaped` is only touched with `lock` held, the rest never changes.
    package let pid: CInt
    package let output: LineCollector
    package let errors: LineCollector
    private let lock = NSLock()
    private var reaped: CInt?

    /// Starts `path` in `directory`; `descriptorLimit` sets RLIMIT_NOFILE.
    package init(
        _ path: String,
        _ arguments: [String],
        directory: String? = nil,
        environment: [String: String] = [:],
        descriptorLimit: Int? = nil
    ) throws {
        // The kernel kills the child when the thread that started it ends, and that thread only ends
        // with the process: a crashed test run leaves no broker behind.
        var words = ["/usr/bin/setpriv", "--pdeathsig", "KILL"]
        if let descriptorLimit {
            words += ["/usr/bin/prlimit", "--nofile=\(descriptorLimit):\(descriptorLimit)"]
        }
        words += [path] + arguments
        if let directory { words = ["/usr/bin/env", "-C", directory] + words }
        let command = words
        var variables = ProcessInfo.processInfo.environment
        variables.merge(environment) { $1 }
        let settings = variables.map { "\($0)=\($1)" }
        let started = try Spawner.shared.perform { try Self.spawn(command, settings) }
        pid = started.pid
        output = LineCollector(descriptor: started.output)
        errors = LineCollector(descriptor: started.errors)
    }

    deinit {
        if reaped == nil {
            kill(pid, SIGKILL)
            _ = reap()
        }
    }

    /// Sends a signal.
    package func signal(_ number: CInt) { kill(pid, number) }

    /// Waits for the end of the process; nil when it is still running after `seconds`.
    package func wait(seconds: Double = 20) -> Outcome? {
        guard errors.waitForEnd(seconds: seconds), output.waitForEnd(seconds: seconds) else {
            return nil
        }
        let status = reap()
        return Outcome(status: status, output: output.text, errors: errors.text)
    }

    /// Runs a program to its end.
    package static func run(
        _ path: String,
        _ arguments: [String],
        directory: String? = nil,
        environment: [String: String] = [:],
        seconds: Double = 20
    ) throws -> Outcome {
        let child = try ChildProcess(
            path,
            arguments,
            directory: directory,
            environment: environment
        )
        guard let outcome = child.wait(seconds: seconds) else {
            throw Mismatch("\(path) \(arguments) still runs after \(seconds) s")
        }
        return outcome
    }

    private func reap() -> CInt {
        lock.withLock {
            if let reaped { return reaped }
            var status: CInt = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            let code = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + status & 0x7F
            reaped = code
            return code
        }
    }

    /// A pipe no child inherits; made on the spawner's thread, so no child starts in between.
    private static func makePipe() throws -> (reading: CInt, writing: CInt) {
        var ends: [CInt] = [0, 0]
        guard pipe(&ends) == 0 else { throw Mismatch("pipe: errno \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func spawn(_ words: [String], _ settings: [String]) throws -> Started {
        let output = try makePipe()
        let errors = try makePipe()
        defer {
            close(output.writing)
            close(errors.writing)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output.writing, 1)
        posix_spawn_file_actions_adddup2(&actions, errors.writing, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)
        )
        var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = settings.map { strdup($0) } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var pid: pid_t = 0
        let result = posix_spawn(&pid, words[0], &actions, &attributes, &argv, &envp)
        guard result == 0 else { throw Mismatch("posix_spawn \(words): errno \(result)") }
        return Started(pid: pid, output: output.reading, errors: errors.reading)
    }
}

/// A process just started and the reading ends of its pipes.
private struct Started {
    let pid: CInt
    let output: CInt
    let errors: CInt
}

/// The one thread that starts all child processes; see `ChildProcess.init`.
private final class Spawner: @unchecked Sendable {
    // `@unchecked Sendable`: `jobs` is only touched with `condition` locked.
    static let shared = Spawner()
    private let condition = NSCondition()
    private var jobs: [() -> Void] = []

    private init() {
        Thread.detachNewThread { [self] in
            while true { next()() }
        }
    }

    private func next() -> () -> Void {
        condition.lock()
        defer { condition.unlock() }
        while jobs.isEmpty { condition.wait() }
        return jobs.removeFirst()
    }

    /// Runs `work` on the thread and hands back its result.
    func perform(_ work: @escaping () throws -> Started) throws -> Started {
        let done = DispatchSemaphore(value: 0)
        var result: Result<Started, any Error>?
        condition.withLock {
            jobs.append {
                result = Result { try work() }
                done.signal()
            }
            condition.signal()
        }
        done.wait()
        guard let result else { throw Mismatch("the spawner gave no result") }
        return try result.get()
    }
}
