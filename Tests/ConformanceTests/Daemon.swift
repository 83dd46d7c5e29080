// SPDX-License-Identifier: Apache-2.0
// -d: the broker as a daemon, with nothing left of the terminal that started it.

import Foundation
import Glibc
import TestSupport
import Testing

/// A daemon: its process is no child of the tests, so it is known by its pid file.
private final class DaemonBroker {
    let directory: String
    let port: Int
    let pid: pid_t
    /// What the process wrote that was started, and how it ended.
    let starter: Outcome

    var log: String {
        (try? String(contentsOfFile: directory + "/log", encoding: .utf8)) ?? ""
    }

    init(workers: Int, extra: String = "") throws {
        directory = try Broker.makeDirectory()
        port = try Broker.freePort()
        let lines = [
            geteuid() == 0 ? "user root" : "", "pid_file \(directory)/pid",
            "log_dest file \(directory)/log", "listener \(port) 127.0.0.1",
            "allow_anonymous true", "log_type all",
            Broker.knowsWorkerThreads ? "worker_threads \(workers)" : "", extra,
        ]
        try lines.joined(separator: "\n")
            .write(toFile: directory + "/conf", atomically: false, encoding: .utf8)
        let process = try ChildProcess(
            Broker.executable,
            ["-d", "-c", directory + "/conf"],
            directory: directory
        )
        starter = try #require(process.wait(seconds: 10))
        let path = directory + "/pid"
        pid = try Self.eventually {
            // A number is complete when the process of that number has its log.
            try? pid_t(String(contentsOfFile: path, encoding: .utf8))
        }
        _ = try Self.eventually { log.contains(" running\n") ? true : nil }
    }

    deinit {
        kill(pid, SIGKILL)
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Asks until there is an answer.
    static func eventually<Value>(_ ask: () throws -> Value?) throws -> Value {
        let deadline = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < deadline {
            if let value = try ask() { return value }
            // No event tells of a change in the files of a process that is nobody's child.
            var nobody = pollfd()
            poll(&nobody, 0, 10)
        }
        throw Mismatch("not within ten seconds")
    }

    /// A field of `/proc/<pid>/stat`, counted from the state.
    func status(_ field: Int) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        let words = text[try #require(text.lastIndex(of: ")"))...].split(separator: " ")
        return try #require(Int(words[field + 1]))
    }

    var isRunning: Bool { kill(pid, 0) == 0 }
}

@Suite("Daemon")
struct Daemon {
    @Test("-d forks once, leads a session of its own and keeps no terminal", arguments: reactors)
    func detached(workers: Int) throws {
        let daemon = try DaemonBroker(workers: workers)
        #expect(daemon.starter.status == 0)
        #expect(daemon.starter.output.isEmpty)
        #expect(!daemon.starter.errors.contains("Error"))
        // Parent, process group, session.
        #expect(try daemon.status(1) != Int(getpid()))
        #expect(try daemon.status(2) == Int(daemon.pid))
        #expect(try daemon.status(3) == Int(daemon.pid))
        for descriptor in 0...2 {
            let path = "/proc/\(daemon.pid)/fd/\(descriptor)"
            let target = try FileManager.default.destinationOfSymbolicLink(atPath: path)
            #expect(target == "/dev/null")
        }
        let place = try FileManager.default.destinationOfSymbolicLink(
            atPath: "/proc/\(daemon.pid)/cwd"
        )
        #expect(place == daemon.directory)
    }

    @Test("A daemon serves, reloads, and takes its pid file with it", arguments: reactors)
    func lives(workers: Int) throws {
        let daemon = try DaemonBroker(workers: workers)
        let text = try String(contentsOfFile: daemon.directory + "/pid", encoding: .utf8)
        #expect(text == "\(daemon.pid)")
        let client = try RawClient(port: daemon.port)
        client.send(Wire.connect("c", .v5))
        try client.expect(Wire.connack(.v5))
        kill(daemon.pid, SIGHUP)
        _ = try DaemonBroker.eventually { daemon.log.contains("Reloading config.") ? true : nil }
        try client.expectSilence()
        kill(daemon.pid, SIGTERM)
        try client.expectClosed()
        _ = try DaemonBroker.eventually { daemon.isRunning ? nil : true }
        #expect(daemon.log.hasSuffix(" terminating\n"))
        #expect(!FileManager.default.fileExists(atPath: daemon.directory + "/pid"))
    }

    @Test("Plugins and reactors live in the daemon, not in what started it", arguments: reactors)
    func plugins(workers: Int) throws {
        let hash = "bob:$7$101$AAAAAAAAAAAAAAAA$" + String(repeating: "A", count: 86) + "=="
        let file = try Broker.makeDirectory() + "/pw"
        try hash.write(toFile: file, atomically: false, encoding: .utf8)
        chmod(file, 0o600)
        defer { try? FileManager.default.removeItem(atPath: file) }
        let daemon = try DaemonBroker(workers: workers, extra: "password_file \(file)")
        let client = try RawClient(port: daemon.port)
        client.send(Wire.connect("c", .v4, username: "bob", password: "wrong"))
        try client.expectClosed(after: hex("20 02 00 05"))
        let open = try RawClient(port: daemon.port)
        open.send(Wire.connect("c"))
        try open.expect(Wire.connack(.v4))
    }
}
