// SPDX-License-Identifier: Apache-2.0
// Plugins in processes of their own: what they do right, and what becomes of those that do not.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite struct IsolationTests {
    static let misbehave = Result { try HostPlugin("host_misbehave", named: "misbehave") }

    /// A broker with the plugin that does what it is told.
    static func broker(
        workers: Int = 2,
        before: String = "",
        options: String = "",
        environment: [String: String] = [:]
    ) throws -> Broker {
        try Broker(
            "listener %PORT% 127.0.0.1\nallow_anonymous true\nlog_type all\n" + before
                + "plugin \(misbehave.get().path)\nplugin_isolation process\n" + options,
            workers: workers,
            environment: quietly.merging(environment) { $1 }
        )
    }

    /// Nobody describes the crashes of processes that are made to crash: not the backtracer, and not the
    /// sanitizers, for which a crash is a finding.
    static let quietly: [String: String] = {
        var result = ["SWIFT_BACKTRACE": "enable=no"]
        let all = ProcessInfo.processInfo.environment
        for name in ["ASAN_OPTIONS", "TSAN_OPTIONS"] {
            guard let options = all[name] else { continue }
            result[name] =
                options + " handle_segv=0 handle_sigbus=0 handle_abort=0 handle_sigill=0"
                + (name == "TSAN_OPTIONS" ? " atexit_sleep_ms=0" : "")
        }
        return result
    }()

    /// The process that runs the plugin now.
    static func helper(of broker: Broker) -> pid_t? { helpers(of: broker.process.pid).first }

    static func helpers(of broker: pid_t) -> [pid_t] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.compactMap { pid_t($0) }.filter { pid in
            guard let text = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
            else { return false }
            let command =
                (try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8)) ?? ""
            return text.contains("PPid:\t\(broker)\n") && command.contains("--plugin-host")
        }
    }

    @Test(
        "Checks, logins and what plugins are told reach a process of its own",
        arguments: [1, 2, 4]
    )
    func works(workers: Int) throws {
        let broker = try Self.broker(workers: workers)
        #expect(Self.helpers(of: broker.process.pid).count == 1)
        let first = try RawClient.connected(to: broker, "first", .v5, username: "me")
        try broker.waitForLog(exactly: "REC connect first me")
        try first.subscribe("allowed/#")
        try first.publish1("allowed/1", "one")
        try first.expectPublish("allowed/1", "one")
        try first.publish1("denied/1", "two", reason: 0x87)
        let wrong = try RawClient(broker)
        wrong.send(Wire.connect("wrong", username: "wrong"))
        try wrong.expectClosed(after: [0x20, 2, 0, 5])
        _ = try RawClient.connected(to: broker, "other", username: "rename")
        try broker.waitForLog(exactly: "REC connect other renamed")
        try first.disconnect()
        try broker.waitForLog(exactly: "REC disconnect first")
        try broker.stop()
        #expect(broker.records.last == "cleanup")
        #expect(Self.helpers(of: broker.process.pid).isEmpty)
    }

    @Test("Requests to a control topic and a reload reach it")
    func controls() throws {
        let broker = try Self.broker(workers: 1)
        let client = try RawClient.connected(to: broker)
        try client.subscribe("controlled")
        client.send(Wire.publish(.v4, "$CONTROL/misbehave/v1", "x", qos: 1, id: 7))
        try client.expect(Wire.puback(7))
        try client.expectPublish("controlled", "ok")
        broker.process.signal(SIGHUP)
        try broker.waitForLog(exactly: "REC reload")
        try broker.stop()
    }

    static let deeds = [
        "null", "abort", "exit", "_exit", "stack", "thread", "kill", "pause", "loop", "stop",
    ]

    @Test(
        "A check that ends the process twice is denied; clients stay, and the next check is answered",
        arguments: deeds
    )
    func deedInCheck(deed: String) throws {
        let broker = try Self.broker(options: "plugin_timeout 1\nplugin_restart_wait 20\n")
        let client = try RawClient.connected(to: broker, "c-\(deed)", .v5)
        let other = try RawClient.connected(to: broker)
        client.send(Wire.publish(.v5, "bad/\(deed)", "x", qos: 1, id: 1))
        try client.expect(Wire.puback(1, 0x87), seconds: 10)
        try client.publish1("good", reason: 0x10)
        try other.publish1("good", reason: 0x10)
        let lines = broker.process.errors.lines.filter { $0.contains("Error: Plugin misbehave") }
        #expect(lines.count == 2, "\(lines)")
        #expect(lines.allSatisfy { $0.contains("'acl-check' callback about c-\(deed) [") })
        #expect(lines.allSatisfy { $0.contains("now: \(deed)") })
        try broker.stop()
    }

    @Test("A check that does not end the process again is answered as if nothing had happened")
    func race() throws {
        let broker = try Self.broker(options: "plugin_opt_once %DIR%/once\n")
        let client = try RawClient.connected(to: broker, "c", .v5)
        try client.publish1("bad/null", reason: 0x10)
        try broker.waitForLog(containing: "It is started again.")
        try broker.stop()
    }

    @Test("Who logs in while a plugin cannot answer is told to come later")
    func login() throws {
        let broker = try Self.broker()
        let five = try RawClient(broker)
        five.send(Wire.connect("five", .v5, username: "bad/null"))
        try five.expectClosed(after: Wire.packet(0x20, [0, 0x88, 0]))
        let three = try RawClient(broker)
        three.send(Wire.connect("three", username: "bad/abort"))
        try three.expectClosed(after: [0x20, 2, 0, 3])
        _ = try RawClient.connected(to: broker, username: "me")
        try broker.stop()
    }

    @Test("With plugin_failure ignore the plugin counts as absent")
    func ignored() throws {
        let broker = try Self.broker(options: "plugin_failure ignore\n")
        let client = try RawClient.connected(to: broker, "c", .v5)
        try client.publish1("bad/null", reason: 0x10)
        try broker.stop()
    }

    @Test("A message that ends the process is dropped and acknowledged, and nobody else is hurt")
    func messages() throws {
        let broker = try Self.broker()
        let client = try RawClient.connected(to: broker, "c", .v5)
        try client.subscribe("#")
        try client.publish1("in/bad/null", reason: 0x83)
        try client.publish1("out/bad/null")
        try client.publish1("good")
        try client.expectPublish("good")
        let ignoring = try Self.broker(options: "plugin_failure ignore\n")
        let other = try RawClient.connected(to: ignoring, "c", .v5)
        try other.subscribe("#")
        try other.publish1("in/bad/null", "x")
        try other.expectPublish("in/bad/null", "x")
        try other.publish1("out/bad/null", "y")
        try other.expectPublish("out/bad/null", "y")
        try broker.stop()
        try ignoring.stop()
    }

    @Test("A filter that ends the process is refused, and the client stays")
    func filters() throws {
        let broker = try Self.broker()
        let client = try RawClient.connected(to: broker, "c", .v5)
        client.send(Wire.subscribe(.v5, id: 1, [("sub/bad/null", 0), ("other", 0)]))
        try client.expect(Wire.suback(.v5, id: 1, [0x87, 0]))
        try client.subscribe("unsub/bad/null")
        client.send(Wire.unsubscribe(.v5, id: 2, ["unsub/bad/null"]))
        try client.expect(Wire.unsuback(.v5, id: 2, [0x87]))
        try client.publish1("other")
        try client.expectPublish("other")
        try broker.stop()
    }

    @Test("A control request that ends the process is not made again, and its sender hears of it")
    func control() throws {
        let broker = try Self.broker()
        let client = try RawClient.connected(to: broker, "c", .v5)
        client.publish("$CONTROL/misbehave/v1", "bad/null")
        try client.expectPublish(
            "$CONTROL/misbehave/v1/response",
            #"{"error": "endpoint not available"}"#
        )
        try broker.waitForLog(containing: "in a 'control' callback about c [")
        try broker.waitForLog(containing: "runs again")
        let lines = broker.process.errors.lines.filter { $0.contains("Error: Plugin misbehave") }
        #expect(lines.count == 1, "\(lines)")
        try client.publish1("good", reason: 0x10)
        try broker.stop()
    }

    @Test(
        "Beyond plugin_restart_wait everything is answered by plugin_failure until a process runs"
    )
    func wait() throws {
        let broker = try Self.broker(
            options: "plugin_restart_wait 0\nplugin_opt_once %DIR%/once\nplugin_opt_tick kill\n"
        )
        // The plugin ends in a tick, then never again.
        try broker.waitForLog(containing: "runs again")
        _ = try RawClient.connected(to: broker)
        try broker.stop()
    }

    @Test("A new process is told who is connected")
    func replays() throws {
        let broker = try Self.broker()
        _ = try RawClient.connected(to: broker, "gone")
        let clients = try (0..<3).map { try RawClient.connected(to: broker, "here\($0)") }
        try broker.waitForLog(exactly: "REC disconnect gone")
        let mark = broker.logMark
        kill(try #require(Self.helper(of: broker)), SIGKILL)
        for index in 0..<3 {
            try broker.waitForLog(exactly: "REC connect here\(index) (null)", from: mark)
        }
        #expect(!broker.records.suffix(3).contains("connect gone (null)"))
        for client in clients { try client.publish1("good", reason: 0x10) }
        try broker.stop()
    }

    @Test("Deeds in other places end the process alone", arguments: ["tick", "reload"])
    func deedElsewhere(place: String) throws {
        let broker = try Self.broker(
            options: "plugin_opt_once %DIR%/once\nplugin_opt_\(place) null\n"
        )
        let client = try RawClient.connected(to: broker)
        broker.process.signal(SIGHUP)
        try broker.waitForLog(containing: "runs again")
        try client.publish1("good", reason: 0x10)
        try broker.stop()
    }

    @Test(
        "A plugin that hangs in its cleanup does not keep the broker",
        arguments: ["null", "pause"]
    )
    func cleanup(deed: String) throws {
        let broker = try Self.broker(options: "plugin_opt_cleanup \(deed)\n")
        try broker.stop()
        #expect(Self.helpers(of: broker.process.pid).isEmpty)
    }

    @Test("Signals for the broker do nothing to the process of a plugin")
    func signals() throws {
        let broker = try Self.broker()
        let client = try RawClient.connected(to: broker, "c", .v5)
        try client.publish1("bad/terms", reason: 0x10)
        let helper = try #require(Self.helper(of: broker))
        kill(helper, SIGTERM)
        try client.publish1("good", reason: 0x10)
        #expect(Self.helper(of: broker) == helper)
        try broker.stop()
    }

    @Test(
        "What a plugin forks, or starts, does no harm",
        arguments: ["fork", "forkreturn", "system"]
    )
    func forks(deed: String) throws {
        let broker = try Self.broker()
        let client = try RawClient.connected(to: broker, "c", .v5)
        try client.publish1("bad/\(deed)", reason: 0x10)
        try client.publish1("good", reason: 0x10)
        try broker.stop()
    }

    @Test(
        "Whatever is written over the shared memory, the broker goes on",
        arguments: ["scribble", "random", "close"]
    )
    func scribbles(deed: String) throws {
        let broker = try Self.broker(
            options: "plugin_timeout 1\nplugin_restart_wait 20\nplugin_opt_once %DIR%/once\n"
        )
        let client = try RawClient.connected(to: broker, "c", .v5)
        client.send(Wire.publish(.v5, "bad/\(deed)", "x", qos: 1, id: 1))
        // What is asked next may be the first in line when it is seen that nothing can be believed.
        let answer = try client.readPacket(seconds: 10)
        #expect([Wire.puback(1, 0x10), Wire.puback(1, 0x83)].contains(answer), "\(answer)")
        try client.publish1("good", reason: 0x10)
        try broker.stop()
    }

    @Test("When the broker is killed, no process of a plugin is left")
    func brokerKilled() throws {
        let broker = try Self.broker()
        let helper = try #require(Self.helper(of: broker))
        broker.process.signal(SIGKILL)
        _ = broker.process.wait()
        // Its parent is another by now; it is gone, or about to be.
        for _ in 0..<500 where kill(helper, 0) == 0 { usleep(10_000) }
        #expect(kill(helper, 0) != 0)
    }

    @Test(
        "A plugin that cannot be set up ends the broker at its start",
        arguments: [
            ("refuse", 3, "Error: Plugin returned 3 when initialising"),
            ("null", 13, "Error: The process of plugin"),
            ("exit", 13, "Error: The process of plugin"),
        ]
    )
    func start(deed: String, status: Int32, line: String) throws {
        #expect(try Self.startFailure("plugin_opt_init \(deed)\n", status) == true, "\(line)")
    }

    private static func startFailure(_ options: String, _ status: Int32) throws -> Bool {
        let directory = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = directory + "/conf"
        try
            ("listener \(Broker.freePort()) 127.0.0.1\nplugin \(misbehave.get().path)\n"
            + "plugin_isolation process\n" + options)
            .write(toFile: path, atomically: false, encoding: .utf8)
        let outcome = try ChildProcess.run(
            Broker.executable,
            ["-c", path],
            environment: ["SWIFT_BACKTRACE": "enable=no"]
        )
        return outcome.status == status && outcome.errors.contains("Error: ")
    }

    @Test("A plugin in a process of its own takes a client through an exchange")
    func exchange() throws {
        let plugin = try #require(HostPlugin.recorders[5]).get()
        let broker = try Broker(
            "listener %PORT% 127.0.0.1\nlog_type all\nallow_anonymous true\n"
                + "plugin \(plugin.path)\nplugin_isolation process\n",
            workers: 2
        )
        func properties(_ data: String) -> Bytes {
            Wire.properties([21] + Wire.string("TEST") + [22] + Wire.string(data))
        }
        let client = try RawClient(broker)
        let asked = [21] + Wire.string("TEST") + [22] + Wire.string("hello")
        client.send(Wire.connect("c", .v5, properties: asked))
        try client.expect(Wire.packet(0xF0, [0x18] + properties("challenge")))
        client.send(Wire.packet(0xF0, [0x18] + properties("reply")))
        let connack = try client.readPacket()
        #expect(connack.starts(with: [0x20]) && connack[3] == 0)
        #expect(String(decoding: connack, as: UTF8.self).contains("bye"))
        try broker.waitForLog(
            exactly: "REC ext-auth event=5 client=c method=TEST data=reply end=0"
        )
        try broker.stop()
    }

    @Test("Answers by ticket come out of a process of its own", arguments: [1, 4])
    func tickets(workers: Int) throws {
        let broker = try Broker(
            "listener %PORT% 127.0.0.1\nlog_type all\nplugin \(HostPlugin.ticket.get().path)\n"
                + "plugin_isolation process\n",
            workers: workers
        )
        let stranger = try RawClient(broker)
        stranger.send(Wire.connect("same", username: "no", password: "x"))
        let owner = try RawClient(broker)
        owner.send(Wire.connect("same", username: "ok", password: "x"))
        try owner.expect(Wire.connack(.v4))
        try stranger.expectClosed(after: [0x20, 2, 0, 5])
        try broker.stop()
    }

    @Test(
        "Debian's dynamic security works in a process of its own and survives its end",
        .enabled(
            if: access(HostLoadTests.debianDynsec, R_OK) == 0
                && access(HostLoadTests.debianCtrl, X_OK) == 0
        )
    )
    func dynamicSecurity() throws {
        let plugin = HostLoadTests.debianDynsec
        let file = try Self.dynamicSecurityFile()
        let broker = try Broker(
            "listener %PORT% 127.0.0.1\nlog_type all\nplugin_isolation process\nplugin \(plugin)\n"
                + "plugin_opt_config_file %DIR%/dynsec.json\n",
            workers: 2,
            files: ["dynsec.json": file]
        )
        let admin = try RawClient.connected(to: broker, username: "admin", password: "admin")
        try admin.subscribe("$CONTROL/dynamic-security/v1/response")
        admin.publish(
            "$CONTROL/dynamic-security/v1",
            #"{"commands":[{"command":"createClient","username":"u","password":"p"}]}"#
        )
        let answer = String(decoding: try #require(admin.nextPacket(seconds: 5)), as: UTF8.self)
        #expect(answer.contains(#"{"command":"createClient"}"#), "\(answer)")
        kill(try #require(Self.helper(of: broker)), SIGKILL)
        let user = try RawClient.connected(to: broker, "u", .v5, username: "u", password: "p")
        try user.publish1("no/rights", reason: 0x87)
        let wrong = try RawClient(broker)
        wrong.send(Wire.connect("w", username: "u", password: "wrong"))
        try wrong.expectClosed(after: [0x20, 2, 0, 5])
        try broker.stop()
    }

    /// A state file with a client `admin` of the same password.
    private static func dynamicSecurityFile() throws -> String {
        let directory = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = directory + "/dynsec.json"
        let outcome = try ChildProcess.run(
            HostLoadTests.debianCtrl,
            ["dynsec", "init", path, "admin", "admin"]
        )
        guard outcome.status == 0 else { throw Mismatch("dynsec init: \(outcome.errors)") }
        return try String(contentsOfFile: path, encoding: .utf8)
    }
}
