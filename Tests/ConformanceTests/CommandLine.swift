// SPDX-License-Identifier: Apache-2.0
// The command line and configuration errors: exact texts, exact exit statuses.

import Foundation
import TestSupport
import Testing

@Suite("Command line and configuration errors")
struct CommandLine {
    /// Writes a file only its owner may read.
    static func write(_ text: String, to path: String) throws {
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }

    /// The lines of a log without their time stamps.
    static func lines(_ text: String) -> [String] {
        text.split(separator: "\n").map { Broker.withoutTimeStamp(String($0)) }
    }

    struct Call: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let status: CInt
        let message: String
        var testDescription: String { arguments.joined(separator: " ") }

        init(_ arguments: [String], _ status: CInt, _ message: String) {
            self.arguments = arguments
            self.status = status
            self.message = message
        }
    }

    static let calls: [Call] = [
        Call(["-p", "0"], 3, "Error: Invalid port specified (0)."),
        Call(["-p", "65536"], 3, "Error: Invalid port specified (65536)."),
        Call(["--port", "-1"], 3, "Error: Invalid port specified (-1)."),
        Call(["-p"], 3, "Error: -p argument given, but no port specified."),
        Call(["-c"], 3, "Error: -c argument given, but no config file specified."),
        Call(["--tls-keylog"], 3, "Error: --tls-keylog argument given, but no file specified."),
        Call(["--unknown"], 3, "Error: Unknown option '--unknown'."),
        Call(["-x"], 3, "Error: Unknown option '-x'."),
        Call(
            ["-c", "/nonexistent/m.conf"],
            3,
            "Error: Unable to open config file '/nonexistent/m.conf'."
        ),
        Call(["--test-config"], 3, "Please provide a configuration file to test."),
        Call(
            (0..<11).flatMap { ["-p", "\(20000 + $0)"] },
            3,
            "Error: Only 10 ports can be specified on the command line."
        ),
    ]

    @Test("A wrong command line is refused with its text on standard error", arguments: calls)
    func call(call: Call) throws {
        let outcome = try ChildProcess.run(Broker.executable, call.arguments)
        #expect(outcome.status == call.status)
        #expect(Self.lines(outcome.errors).contains(call.message), "\(outcome.errors)")
    }

    @Test("Help goes to standard output", arguments: ["-h", "--help"])
    func help(option: String) throws {
        let outcome = try ChildProcess.run(Broker.executable, [option])
        #expect(outcome.status == 0)
        #expect(
            outcome.output.contains("Usage: mosquitto [-c config_file] [-d] [-h] [-p port] [-v]")
        )
    }

    @Test("An unknown option prints the usage as well")
    func usageAfterError() throws {
        let outcome = try ChildProcess.run(Broker.executable, ["--unknown"])
        #expect(outcome.output.contains("Usage: mosquitto"))
    }

    @Test("--version goes to standard output; the first line is the version")
    func version() throws {
        let outcome = try ChildProcess.run(Broker.executable, ["--version"])
        #expect(outcome.status == 0)
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.count >= 3)
        #expect(lines.first?.hasPrefix("mosquitto 2.1") == true)
    }

    // MARK: Configuration files

    struct Config: Sendable, CustomTestStringConvertible {
        let text: String
        let messages: [String]
        var testDescription: String { text.replacing("\n", with: "; ") }

        init(_ text: String, _ messages: String...) {
            self.text = text
            self.messages = messages
        }
    }

    static let needListener = "option requires a listener to be defined first."
    static let needBridge = "option requires a bridge to be defined first."

    static let errors: [Config] = [
        Config(
            "unknown_thing 1",
            "Error: Unknown configuration variable 'unknown_thing'.",
            "Error found at FILE:1."
        ),
        Config(
            "\n\n# fine\nnonsense",
            "Error: Unknown configuration variable 'nonsense'.",
            "Error found at FILE:4."
        ),
        Config("listener\t1883", "Error found at FILE:1."),
        Config(" # indented", "Error: Unknown configuration variable '#'."),
        Config("allow_anonymous maybe", "Error: Invalid 'allow_anonymous' value (maybe)."),
        Config("allow_anonymous", "Error: Empty 'allow_anonymous' value in configuration."),
        Config("max_keepalive abc", "Error: 'max_keepalive' value not a number."),
        Config("max_keepalive 65536", "Error: Invalid 'max_keepalive' value (65536)."),
        Config("max_keepalive -1", "Error: Invalid 'max_keepalive' value (-1)."),
        Config("sys_interval 65536", "Error: Invalid 'sys_interval' value (65536)."),
        Config("sys_interval -1", "Error: Invalid 'sys_interval' value (-1)."),
        Config("memory_limit -1", "Error: Invalid 'memory_limit' value (-1)."),
        Config("listener", "Error: Empty 'listener port' value in configuration."),
        Config("listener 100000", "Error: Invalid 'port' value (100000)."),
        Config("port 100000", "Error: Invalid 'port' value (100000)."),
        Config("listener 0", "Error: A listener with port 0 must provide a Unix socket path."),
        Config(
            "listener 1883\nmount_point test/+/",
            "Error: Invalid 'mount_point' value (test/+/). Does it contain a wildcard character?"
        ),
        Config("listener 1883\nmax_qos 3", "Error: 'max_qos' must be between 0 and 2 inclusive."),
        Config("max_inflight_messages 65536", "Error: 'max_inflight_messages' must be <= 65535."),
        Config("max_packet_size 19", "Error: 'max_packet_size' must be >= 20."),
        Config(
            "message_size_limit 556000000",
            "Error: Invalid 'message_size_limit' value (556000000)."
        ),
        Config(
            "listener 1883\nmax_topic_alias 65536",
            "Error: Invalid 'max_topic_alias' value in configuration."
        ),
        Config(
            "listener 1883\nmax_topic_alias_broker 65536",
            "Error: Invalid 'max_topic_alias_broker' value in configuration."
        ),
        Config(
            "listener 1883\nlistener_auto_id_prefix " + String(repeating: "p", count: 51),
            "Error: 'listener_auto_id_prefix' length must be <= 50."
        ),
        Config(
            "packet_buffer_size 65536",
            "Error: Packet buffer size must be between 0 and 65535 inclusive."
        ),
        Config(
            "plugin_opt_inval x",
            "Error: The 'plugin_opt_inval' option requires plugin/global_plugin/plugin_load to be defined first."
        ),
        Config("log_dest nowhere", "Error: Invalid 'log_dest' value (nowhere)."),
        Config("log_type nothing", "Error: Invalid 'log_type' value (nothing)."),
        Config("log_facility 8", "Error: Invalid 'log_facility' value (8)."),
        Config("log_dest file", "Error: Empty \"log_dest file\" value in configuration."),
        Config("pid_file a\npid_file b", "Error: Duplicate 'pid_file' value in configuration."),
        Config(
            "persistent_client_expiration 1q",
            "Error: Invalid 'persistent_client_expiration' duration in configuration."
        ),
        Config("retain_expiry_interval 0", "Error: retain_expiry_interval must be >= 1."),
        Config(
            "accept_protocol_versions 4",
            "Error: The 'accept_protocol_versions' \(needListener)"
        ),
        Config("mount_point a/", "Error: The 'mount_point' \(needListener)"),
        Config("cleansession true", "Error: The 'cleansession' \(needBridge)"),
        Config("topic a", "Error: The 'topic' \(needBridge)"),
        Config("notifications true", "Error: The 'notifications' \(needBridge)"),
        Config("notification_topic a", "Error: The 'notification_topic' \(needBridge)"),
        Config("restart_timeout 1", "Error: The 'restart_timeout' \(needBridge)"),
        Config("round_robin true", "Error: The 'round_robin' \(needBridge)"),
        Config("start_type lazy", "Error: The 'start_type' \(needBridge)"),
        Config("threshold 1", "Error: The 'threshold' \(needBridge)"),
        Config("try_private true", "Error: The 'try_private' \(needBridge)"),
        Config("remote_username a", "Error: The 'remote_username' \(needBridge)"),
        Config("local_clientid a", "Error: The 'local_clientid' \(needBridge)"),
        Config("bridge_insecure true", "Error: The 'bridge_insecure' \(needBridge)"),
        Config(
            "connection a\ntopic #",
            "Error: Invalid bridge configuration: no remote addresses defined."
        ),
        Config("listener 1883\nprotocol gopher", "Error: Invalid 'protocol' value (gopher)."),
        Config(
            "listener 1883\nenable_proxy_protocol 3",
            "Error: enable_proxy_protocol must be 1 or 2."
        ),
        Config(
            "listener 1883\ncertfile a",
            "Error: Both certfile and keyfile must be provided to enable a TLS listener."
        ),
        Config(
            "listener 1883\nper_listener_settings true\nallow_anonymous true\nper_listener_settings false"
        ),
        Config(
            "allow_anonymous true\nper_listener_settings true",
            "Error: per_listener_settings must be set before any other security settings."
        ),
    ].filter { !$0.messages.isEmpty }

    @Test("A wrong configuration is refused with its text and status 3", arguments: errors)
    func error(config: Config) throws {
        let directory = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = directory + "/m.conf"
        try Self.write(config.text + "\n", to: path)
        let outcome = try ChildProcess.run(Broker.executable, ["-c", path, "--test-config"])
        #expect(outcome.status == 3)
        let lines = Self.lines(outcome.errors)
        for message in config.messages {
            #expect(lines.contains(message.replacing("FILE", with: path)), "\(outcome.errors)")
        }
    }

    static let fine: [String] = [
        "", "# only a comment", "listener 1883\r\nallow_anonymous true\r\n",
        "  allow_anonymous true", "allow_anonymous true and more words", "max_keepalive 0x10",
        "listener 1883 # a comment", "listener 1883\naccept_protocol_versions 3,4",
        "autosave_interval 30\nautosave_on_changes true\nqueue_qos0_messages true",
        "max_queued_messages 10\nmax_queued_messages 20", "port 1883\nmax_connections 10",
    ]

    @Test("A good configuration is said to be good", arguments: fine)
    func good(text: String) throws {
        let directory = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = directory + "/m.conf"
        try Self.write(text, to: path)
        let outcome = try ChildProcess.run(Broker.executable, ["-c", path, "--test-config"])
        #expect(outcome.status == 0)
        #expect(
            (outcome.errors + outcome.output).contains("Configuration file is OK."),
            "\(outcome.errors)"
        )
    }

    @Test("include_dir reads the .conf files of a directory in name order")
    func includes() throws {
        let directory = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let folder = directory + "/conf.d"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        for name in ["b", "B", "00", "a", "A", "01"] {
            try Self.write("# nothing\n", to: "\(folder)/\(name).conf")
        }
        try Self.write("nonsense\n", to: folder + "/ignored.txt")
        let path = directory + "/m.conf"
        try Self.write("include_dir \(folder)\n", to: path)
        let outcome = try ChildProcess.run(Broker.executable, ["-c", path, "--test-config"])
        #expect(outcome.status == 0)
        let loaded = Self.lines(outcome.errors).filter { $0.hasPrefix("Loading config file") }
        #expect(
            loaded
                == ["00", "01", "A", "a", "B", "b"].map {
                    "Loading config file '\(folder)/\($0).conf'"
                }
        )
        try Self.write("bad thing\n", to: folder + "/b.conf")
        let broken = try ChildProcess.run(Broker.executable, ["-c", path, "--test-config"])
        #expect(broken.status == 3)
        let lines = Self.lines(broken.errors)
        #expect(lines.contains("Error found at '\(folder)/b.conf:1'."))
        #expect(lines.contains("Error found at \(path):1."))
    }

    @Test("A port that is taken ends the broker with status 1")
    func portTaken() throws {
        let broker = try Broker.shared(workers: 1)
        let directory = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = directory + "/m.conf"
        try Self.write("listener \(broker.port) 127.0.0.1\nuser root\n", to: path)
        let outcome = try ChildProcess.run(Broker.executable, ["-c", path])
        #expect(outcome.status == 1)
    }

    @Test(
        "A plugin, password or ACL file that is missing ends the broker with status 13",
        arguments: [
            "plugin /nonexistent/plugin.so", "password_file /nonexistent/pw",
            "acl_file /nonexistent/acl",
        ]
    )
    func missingFile(line: String) throws {
        let directory = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = directory + "/m.conf"
        let port = try Broker.freePort()
        try Self.write("user root\nlistener \(port) 127.0.0.1\n\(line)\n", to: path)
        let outcome = try ChildProcess.run(Broker.executable, ["-c", path])
        #expect(outcome.status == 13)
    }

    @Test("-c FILE -p PORT gives the one listener of the file")
    func portAndFile() throws {
        let broker = try Broker(
            "listener %PORT% 127.0.0.1\nallow_anonymous true\nmax_qos 1\n",
            workers: 1,
            arguments: ["-p", "%PORT%", "-v"]
        )
        let client = try RawClient(broker)
        client.send(Wire.connect("c", .v5))
        try client.expect("20 10 00 00 0D 22 00 0A 27 00 1E 84 80 21 00 14 24 01")
        let opened = broker.process.errors.lines.filter { $0.contains("listen socket on port") }
        #expect(opened.count == 1)
        try broker.stop()
    }

    @Test("Without a configuration only loopback is served, with a warning", arguments: reactors)
    func localOnly(workers: Int) throws {
        let broker = try Broker(nil, workers: workers, arguments: ["-p", "%PORT%", "-v"])
        try RawClient.connected(to: broker, "c").expectSilence()
        try broker.waitForLog(containing: "Starting in local only mode.")
        try broker.waitForLog(exactly: "Opening ipv4 listen socket on port \(broker.port).")
        try broker.stop()
    }

    @Test("The pid file holds the number and goes away", arguments: reactors)
    func pidFile(workers: Int) throws {
        let broker = try Broker(Broker.plain + "pid_file %DIR%/pid\n", workers: workers)
        let path = broker.directory + "/pid"
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "\(broker.process.pid)")
        try broker.stop()
        #expect(!FileManager.default.fileExists(atPath: path))
    }
}
