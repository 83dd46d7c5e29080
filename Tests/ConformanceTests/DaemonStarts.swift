// SPDX-License-Identifier: Apache-2.0
// -d: what the process that was started tells of the start of the daemon.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Starts of daemons")
struct DaemonStarts {
    /// Starts a daemon with these lines, and waits for the process that was started.
    private static func start(_ lines: [String], in directory: String) throws -> Outcome {
        let text = ([geteuid() == 0 ? "user root" : ""] + lines).joined(separator: "\n")
        try text.write(toFile: directory + "/conf", atomically: false, encoding: .utf8)
        let process = try ChildProcess(
            Broker.executable,
            ["-d", "-c", directory + "/conf"],
            directory: directory
        )
        return try #require(process.wait(seconds: 20))
    }

    @Test("A start that fails is told on standard error, with the daemon's status")
    func failed() throws {
        let directory = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let taken = try Broker(Broker.plain, workers: 1)
        let inUse = try Self.start(
            ["listener \(taken.port) 127.0.0.1", "log_dest file \(directory)/log"],
            in: directory
        )
        #expect(inUse.status == 1)
        #expect(
            inUse.errors.contains("Error: Address already in use: 127.0.0.1 port \(taken.port)")
        )
        let log = try String(contentsOfFile: directory + "/log", encoding: .utf8)
        #expect(log.contains("Error: Address already in use"))
        let port = try Broker.freePort()
        let noFile = try Self.start(
            ["listener \(port) 127.0.0.1", "pid_file \(directory)/none/pid"],
            in: directory
        )
        #expect(noFile.status == 14)
        #expect(noFile.errors.contains("Error: Unable to write pid file"))
        // Where no line says it, the status is told all the same.
        let silent = try Self.start(
            ["listener \(taken.port) 127.0.0.1", "log_type none"],
            in: directory
        )
        #expect(silent.status == 1)
        #expect(silent.errors.contains("Error: The broker did not start: it ended with status 1."))
        try taken.stop()
    }

    @Test("When the process that was started has ended, the daemon serves", arguments: reactors)
    func served(workers: Int) throws {
        let directory = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let port = try Broker.freePort()
        let outcome = try Self.start(
            [
                "listener \(port) 127.0.0.1", "allow_anonymous true", "pid_file \(directory)/pid",
                Broker.knowsWorkerThreads ? "worker_threads \(workers)" : "",
                "log_dest file \(directory)/log",
            ],
            in: directory
        )
        let pid = try #require(
            pid_t(String(contentsOfFile: directory + "/pid", encoding: .utf8))
        )
        defer { kill(pid, SIGKILL) }
        #expect(outcome.status == 0)
        // No waiting: it listens.
        let client = try RawClient(port: port)
        client.send(Wire.connect("c", .v5))
        try client.expect(Wire.connack(.v5))
    }
}
