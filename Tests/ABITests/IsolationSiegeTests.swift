// SPDX-License-Identifier: Apache-2.0
// What is done to processes of plugins, and to the broker, from outside.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite struct IsolationSiegeTests {
    private static func text(_ process: pid_t, _ name: String) throws -> String {
        // Files below /proc have no size, so they are read to their end.
        let file = try #require(FileHandle(forReadingAtPath: "/proc/\(process)/\(name)"))
        return String(decoding: file.readDataToEndOfFile(), as: UTF8.self)
    }

    private static func isRunning(_ process: pid_t) -> Bool {
        guard let status = try? text(process, "status") else { return false }
        return !status.contains("State:\tZ") && !status.contains("State:\tX")
    }

    @Test("Whichever word of the shared memory is spoilt, the broker goes on")
    func words() throws {
        let broker = try IsolationTests.broker(
            options: "plugin_timeout 1\nplugin_restart_wait 20\n"
        )
        let innocent = try RawClient.connected(to: broker, "innocent", .v5)
        let client = try RawClient.connected(to: broker, "c", .v5)
        // One word in each cache line has a meaning: those before the rings, and the tails of the rings.
        for word in stride(from: 0, to: 8 * 12, by: 8) {
            client.send(Wire.publish(.v5, "bad/word\(word)", "x", qos: 1, id: 1))
            let answer = try client.readPacket(seconds: 20)
            #expect(answer[0] == 0x40, "word \(word)")
            try innocent.publish1("good", reason: 0x10)
        }
        try broker.stop()
        #expect(IsolationTests.helpers(of: broker.process.pid).isEmpty)
    }

    @Test(
        "A process that reads nothing holds up those who ask it, and loses nothing",
        arguments: [1, 4]
    )
    func stopped(workers: Int) throws {
        let broker = try IsolationTests.broker(workers: workers, options: "plugin_timeout 60\n")
        let innocent = try RawClient.connected(to: broker, "innocent", .v5)
        let clients = try (0..<4).map { try RawClient.connected(to: broker, "c\($0)", .v5) }
        let helper = try #require(IsolationTests.helper(of: broker))
        kill(helper, SIGSTOP)
        // More than the ring has room for.
        let payload = String(repeating: "x", count: 2000)
        for client in clients {
            for id in 1...300 {
                client.send(Wire.publish(.v5, "nobody/\(id)", payload, qos: 1, id: id))
            }
        }
        for _ in 0..<50 {
            innocent.send(Wire.pingreq)
            try innocent.expect(Wire.pingresp)
        }
        kill(helper, SIGCONT)
        for client in clients {
            for id in 1...300 { try client.expect(Wire.puback(id, 0x10)) }
        }
        #expect(IsolationTests.helper(of: broker) == helper)
        try broker.stop()
    }

    @Test("What an upgrade puts in the place of the program is not what is started again")
    func upgrade() throws {
        let script = "p=$1; shift; cp \"$p\" %DIR%/broker && exec %DIR%/broker \"$@\""
        let broker = try Broker(
            "listener %PORT% 127.0.0.1\nallow_anonymous true\nlog_type all\n"
                + "plugin \(IsolationTests.misbehave.get().path)\nplugin_isolation process\n",
            workers: 1,
            launcher: ["/bin/sh", "-c", script, "sh"]
        )
        let path = broker.directory + "/broker"
        try FileManager.default.removeItem(atPath: path)
        try "#!/bin/sh\nexit 9\n".write(toFile: path, atomically: false, encoding: .utf8)
        chmod(path, 0o755)
        let client = try RawClient.connected(to: broker, "c", .v5)
        kill(try #require(IsolationTests.helper(of: broker)), SIGKILL)
        try client.publish1("good", reason: 0x10)
        try broker.waitForLog(containing: "runs again")
        try broker.stop()
    }

    @Test(
        "A process runs as the user that the broker has become, the next one too",
        .enabled(if: geteuid() == 0)
    )
    func privileges() throws {
        let plugin = "/var/tmp/misbehave-\(getpid()).so"
        try FileManager.default.copyItem(
            atPath: IsolationTests.misbehave.get().path,
            toPath: plugin
        )
        defer { try? FileManager.default.removeItem(atPath: plugin) }
        let broker = try Broker(
            "user nobody\nlistener %PORT% 127.0.0.1\nallow_anonymous true\nlog_type all\n"
                + "plugin \(plugin)\nplugin_isolation process\n",
            workers: 1
        )
        let user = try #require(getpwnam("nobody")).pointee.pw_uid
        let client = try RawClient.connected(to: broker, "c", .v5)
        for _ in 0..<2 {
            let helper = try #require(IsolationTests.helper(of: broker))
            let status = try Self.text(helper, "status")
            #expect(status.contains("Uid:\t\(user)\t\(user)\t\(user)\t\(user)\n"))
            #expect(status.contains("CapEff:\t0000000000000000\n"))
            #expect(status.contains("NoNewPrivs:\t1\n"))
            kill(helper, SIGKILL)
            try client.publish1("good", reason: 0x10)
        }
        try broker.stop()
    }

    @Test("A process has nothing of the broker's but what it needs")
    func inheritance() throws {
        let broker = try IsolationTests.broker(
            workers: 2,
            environment: ["WATCHDOG_USEC": "90000000", "LISTEN_FDS": "0", "KEPT": "kept"]
        )
        let clients = try (0..<20).map { _ in try RawClient.connected(to: broker) }
        let helper = try #require(IsolationTests.helper(of: broker))
        let folder = "/proc/\(helper)/fd"
        let links = try FileManager.default.contentsOfDirectory(atPath: folder).map {
            try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")
        }
        #expect(links.count { $0.hasPrefix("socket:") } == 0)
        #expect(
            links.count { $0.hasPrefix("pipe:") } == 3,
            "its output, twice, and what is watched"
        )
        #expect(links.count { $0 == "anon_inode:[eventfd]" } == 3, "reactors and keeper")
        #expect(links.count { $0 == "/dev/null" } == 1)
        #expect(links.count == 7, "\(links)")
        let environment = try Self.text(helper, "environ")
        #expect(environment.contains("KEPT=kept") && !environment.contains("WATCHDOG_USEC"))
        #expect(!environment.contains("LISTEN_FDS"))
        #expect(try Self.text(helper, "oom_score_adj") == "500\n")
        try Self.expectGuardedMemory(broker.process.pid, isHelper: false)
        try Self.expectGuardedMemory(helper, isHelper: true)
        for client in clients { try client.disconnect() }
        try broker.stop()
    }

    /// What both see of each other is in no core file, and in no child of the plugin.
    private static func expectGuardedMemory(_ process: pid_t, isHelper: Bool) throws {
        var isShared = false
        var found: [String] = []
        var rights: Set<Substring> = []
        for line in try text(process, "smaps").split(separator: "\n") {
            if line.contains("memfd:mosquitto-plugin") {
                isShared = true
                rights.insert(line.split(separator: " ")[1])
            } else if isShared, line.hasPrefix("VmFlags:") {
                isShared = false
                found.append(String(line))
            }
        }
        #expect(found.count == 2, "\(found)")
        #expect(found.allSatisfy { $0.contains(" dd") }, "not in core files: \(found)")
        #expect(rights == (isHelper ? ["r--s", "rw-s"] : ["rw-s"]), "questions are for reading")
        if isHelper {
            #expect(found.allSatisfy { $0.contains(" dc") }, "not in children: \(found)")
        }
    }

    @Test("SIGTERM to the broker and its processes at once ends them in order")
    func terminated() throws {
        let broker = try IsolationTests.broker()
        let client = try RawClient.connected(to: broker, "c", .v5)
        for helper in IsolationTests.helpers(of: broker.process.pid) { kill(helper, SIGTERM) }
        try broker.stop()
        #expect(broker.records.last == "cleanup")
        #expect(!broker.process.errors.lines.contains { $0.contains("Error: Plugin") })
        _ = client
    }

    @Test("A debugger may keep a process for longer than plugin_timeout")
    func debugger() throws {
        let broker = try IsolationTests.broker(options: "plugin_timeout 1\n")
        let client = try RawClient.connected(to: broker, "c", .v5)
        let tracer = broker.directory + "/tracer"
        let built = try ChildProcess.run(
            "/usr/bin/cc",
            ["-o", tracer, "\(Headers.sources)/tracer.c"],
            seconds: 60
        )
        #expect(built.status == 0, "\(built.errors)")
        let helper = try #require(IsolationTests.helper(of: broker))
        let looking = try ChildProcess(tracer, ["\(helper)", "3"])
        for _ in 0..<500
        where !(try Self.text(helper, "status").contains("TracerPid:\t\(looking.pid)")) {
            usleep(10_000)
        }
        client.send(Wire.publish(.v5, "good", "x", qos: 1, id: 1))
        try client.expect(Wire.puback(1, 0x10), seconds: 10)
        #expect(looking.wait()?.status == 0)
        #expect(IsolationTests.helper(of: broker) == helper)
        try broker.stop()
    }

    @Test("A reload does not move a plugin: that takes a restart")
    func reload() throws {
        func lines(_ isolation: String) throws -> String {
            try "listener %PORT% 127.0.0.1\nallow_anonymous true\nlog_type all\n"
                + "plugin \(IsolationTests.misbehave.get().path)\nplugin_isolation \(isolation)\n"
        }
        let broker = try Broker(lines("process"), workers: 2)
        let client = try RawClient.connected(to: broker, "c", .v5)
        let helper = try #require(IsolationTests.helper(of: broker))
        try broker.rewrite(lines("none"))
        broker.process.signal(SIGHUP)
        try broker.waitForLog(exactly: "REC reload")
        #expect(IsolationTests.helper(of: broker) == helper)
        kill(helper, SIGKILL)
        try client.publish1("good", reason: 0x10)
        #expect(IsolationTests.helper(of: broker) != nil)
        try broker.stop()
    }

    @Test(
        "When the broker is killed, what a plugin has started ends as well, also if it is stopped just then",
        arguments: [false, true]
    )
    func brokerKilled(isStopped: Bool) throws {
        let broker = try IsolationTests.broker()
        let client = try RawClient.connected(to: broker, "c", .v5)
        try client.publish1("bad/fork", reason: 0x10)
        let helper = try #require(IsolationTests.helper(of: broker))
        let children = try Self.text(helper, "task/\(helper)/children").split(separator: " ")
            .compactMap { pid_t($0) }
        #expect(children.count == 1)
        if isStopped { kill(helper, SIGSTOP) }
        while isStopped, !(try Self.text(helper, "status").contains("State:\tT")) { usleep(1000) }
        broker.process.signal(SIGKILL)
        _ = broker.process.wait()
        for process in [helper] + children {
            for _ in 0..<500 where Self.isRunning(process) { usleep(10_000) }
            #expect(!Self.isRunning(process))
        }
    }
}
