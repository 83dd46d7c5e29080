// SPDX-License-Identifier: Apache-2.0
// The running process: pid file, signals, service manager, environment.

import Foundation
import Glibc
import Testing

/// A configuration that serves a Unix socket in the directory and stays the user it is.
private func configuration(in directory: TemporaryDirectory, _ more: String = "") -> String {
    "listener 0 \(directory.path)/socket\nuser root\n\(more)\n"
}

@Suite("Start and stop")
struct StartStopTests {
    @Test("The pid file is there while the broker runs", arguments: [SIGTERM, SIGINT])
    func pidFile(signal: CInt) throws {
        let directory = try TemporaryDirectory()
        let pid = "\(directory.path)/pid"
        let text = configuration(in: directory, "pid_file \(pid)")
        let broker = try RunningBroker(["-c", directory.write("a.conf", text)])
        try #require(broker.waitFor("mosquitto version 2.1.2 running"))
        #expect(
            try String(contentsOfFile: pid, encoding: .utf8)
                == String(broker.pid)
        )
        broker.signal(signal)
        #expect(broker.waitFor("mosquitto version 2.1.2 terminating"))
        #expect(broker.end() == 0)
        #expect(!FileManager.default.fileExists(atPath: pid))
    }

    @Test("The first lines name version and configuration file")
    func firstLines() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("a.conf", configuration(in: directory))
        let broker = try RunningBroker(["-c", path])
        try #require(broker.waitFor("2.1.2 running"))
        #expect(broker.lines.contains { $0.hasSuffix(": mosquitto version 2.1.2 starting") })
        #expect(broker.lines.contains { $0.hasSuffix(": Config loaded from \(path).") })
        broker.signal(SIGTERM)
        #expect(broker.end() == 0)
    }

    @Test("SIGHUP takes over a good file and keeps running with a bad one")
    func reload() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("a.conf", configuration(in: directory))
        let broker = try RunningBroker(["-c", path])
        try #require(broker.waitFor("2.1.2 running"))
        _ = try directory.write("a.conf", configuration(in: directory, "nonsense"))
        broker.signal(SIGHUP)
        #expect(broker.waitFor("Reloading config."))
        #expect(broker.waitFor("Error: Unknown configuration variable 'nonsense'."))
        #expect(broker.waitFor("Error found at \(path):3."))
        #expect(
            broker.waitFor("The configuration was not reloaded; the running one stays in force.")
        )
        // Broken certificates and a log that cannot be written are found before anything is in force.
        for (line, error) in [
            ("certfile /none\nkeyfile /none", "Error: Unable to load server certificate"),
            ("log_dest file /none/log", "Error: Unable to open log file /none/log for writing"),
        ] {
            let text = configuration(in: directory, "log_timestamp_format never\n\(line)")
            _ = try directory.write("a.conf", text)
            broker.signal(SIGHUP)
            #expect(broker.waitFor(error))
            #expect(broker.waitFor("The configuration was not reloaded"))
        }
        let format = "log_timestamp_format again\nmax_packet_size 30"
        _ = try directory.write("a.conf", configuration(in: directory, format))
        broker.signal(SIGHUP)
        #expect(broker.waitFor("Reloading config."))
        let place = "(\(path):3)"
        #expect(
            broker.waitFor("again: Reloaded 'log_timestamp_format': default -> again \(place).")
        )
        let waiting = "Warning: The 'max_packet_size' option comes into force at the next start:"
        #expect(broker.waitFor("\(waiting) default -> 30 (\(path):4)."))
        #expect(!broker.lines.contains { $0.hasPrefix("never") })
        broker.signal(SIGTERM)
        #expect(broker.waitFor("again: mosquitto version 2.1.2 terminating"))
        #expect(broker.end() == 0)
    }

    @Test("A log file follows a rotation on SIGRTMIN")
    func reopenLog() throws {
        let directory = try TemporaryDirectory()
        let log = "\(directory.path)/log"
        let text = configuration(in: directory, "log_dest file \(log)\nlog_dest stderr")
        let broker = try RunningBroker(["-c", directory.write("a.conf", text)])
        try #require(broker.waitFor("2.1.2 running"))
        try FileManager.default.moveItem(atPath: log, toPath: log + ".1")
        broker.signal(__libc_current_sigrtmin())
        broker.signal(SIGTERM)
        #expect(broker.waitFor("terminating"))
        #expect(broker.end() == 0)
        #expect(try String(contentsOfFile: log + ".1", encoding: .utf8).contains("running"))
    }

    @Test("A service manager is told how far the broker is, and asked for time")
    func notify() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/notify"
        let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        let broker = try RunningBroker(
            ["-c", directory.write("a.conf", configuration(in: directory))],
            environment: ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "2000000"]
        )
        func next() -> String {
            var bytes = [UInt8](repeating: 0, count: 200)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
        }
        #expect(next() == "STATUS=Restoring sessions and messages")
        #expect(next() == "EXTEND_TIMEOUT_USEC=30000000")
        #expect(next() == "READY=1\nSTATUS=Serving clients")
        #expect(next() == "WATCHDOG=1\nSTATUS=0 clients are connected, 0 sessions are kept")
        broker.signal(SIGTERM)
        var last = next()
        while last.hasPrefix("WATCHDOG=1") { last = next() }
        #expect(last == "STOPPING=1\nSTATUS=Closing connections and saving sessions")
        #expect(next() == "EXTEND_TIMEOUT_USEC=30000000")
        #expect(broker.end() == 0)
    }

    @Test("-q silences the log once it is initialised, -v logs everything")
    func verbosity() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(
            "a.conf",
            configuration(in: directory, "log_type none\npid_file \(directory.path)/pid")
        )
        let verbose = try RunningBroker(["-v", "-c", path])
        #expect(verbose.waitFor("2.1.2 running"))
        verbose.signal(SIGTERM)
        #expect(verbose.end() == 0)
        let quiet = try RunningBroker(
            ["-c", path, "-q", "-v"],
            environment: ["UMASK_SET": "027"]
        )
        #expect(quiet.waitFor("Info: running mosquitto as user"))
        quiet.signal(SIGTERM)
        _ = quiet.end()
        #expect(!quiet.waitFor("2.1.2 running"))
        #expect(!quiet.lines.contains { $0.contains("starting") })
    }
}
