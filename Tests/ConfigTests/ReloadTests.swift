// SPDX-License-Identifier: Apache-2.0
// What a reload changes and what it keeps.

import Foundation
import Log
import Testing

@testable import Config

/// The configuration in force after starting with one text and reloading another.
private func reloaded(_ old: String, _ new: String) throws -> Configuration {
    try Outcome(old).configuration.applyingReload(of: Outcome(new).configuration)
}

@Suite("Reload")
struct ReloadTests {
    @Test(
        "Options that are read again take the new value, or the default if they are gone",
        arguments: [
            ("sys_interval 3", \Configuration.sysInterval, 3, 10),
            ("message_size_limit 3", \.messageSizeLimit, 3, 0),
            ("memory_limit 3", \.memoryLimit, 3, 0),
            ("autosave_interval 3", \.autosaveInterval, 3, 1800),
            ("auth_timeout 3", \.authTimeout, 3, 30),
        ] as [(String, any KeyPath<Configuration, Int> & Sendable, Int, Int)]
    )
    func applied(
        line: String,
        path: any KeyPath<Configuration, Int> & Sendable,
        value: Int,
        standard: Int
    ) throws {
        #expect(try reloaded("", line)[keyPath: path] == value)
        #expect(try reloaded(line, "")[keyPath: path] == standard)
    }

    @Test(
        "Options that only a restart changes keep their value",
        arguments: [
            ("max_inflight_messages 3", \Configuration.maxInflightMessages),
            ("max_queued_messages 3", \.maxQueuedMessages),
            ("max_packet_size 30", \.maxPacketSize),
            ("max_keepalive 3", \.maxKeepalive),
            ("global_max_connections 3", \.globalMaxConnections),
            ("retain_expiry_interval 3", \.retainExpiryInterval),
            ("persistence_buffer 100000", \.persistenceBuffer),
        ] as [(String, any KeyPath<Configuration, Int> & Sendable)]
    )
    func kept(line: String, path: any KeyPath<Configuration, Int> & Sendable) throws {
        #expect(try reloaded("", line)[keyPath: path] == Configuration()[keyPath: path])
        #expect(
            try reloaded(line, "")[keyPath: path] == Outcome(line).configuration[keyPath: path]
        )
    }

    @Test("Where state is kept changes at a restart, and what does so is known; how, at once")
    func persistence() throws {
        let text = """
            persistence true
            persistence_file f
            persistence_location /l
            persistence_log false
            persistence_buffer 70000
            persistence_fsync always
            autosave_on_changes true
            persistent_client_expiration 3s
            """
        var running = Configuration()
        running.persistenceLocationOverride = "/o"
        let new = Outcome(text).configuration
        let result = try running.applyingReload(of: new)
        #expect(
            running.changes(in: new).filter(\.needsRestart).map(\.name) == [
                "persistence", "persistence_buffer", "persistence_file", "persistence_location",
                "persistence_log",
            ]
        )
        #expect(running.changes(in: running) == [])
        #expect(!result.persistence && result.persistenceLog)
        #expect(result.persistencePath == "/o/mosquitto.db")
        #expect(result.persistenceFsync == .always && result.autosaveOnChanges)
        #expect(result.persistentClientExpiration == 3)
    }

    @Test(
        "Each change is told with both values and its place, secrets without; restarts are announced"
    )
    func changes() throws {
        let old = Outcome(
            """
            sys_interval 5
            max_packet_size 1000
            log_type error
            listener 1883
            max_qos 1
            listener 1884 localhost
            plugin a.so
            plugin_opt_secret one
            """
        ).configuration
        let new = Outcome(
            """
            log_type error
            log_type notice
            max_packet_size 2000
            queue_qos0_messages true
            listener 1883
            max_qos 2
            ciphers x
            plugin a.so
            plugin_opt_secret two
            """
        ).configuration
        let lines = old.changes(in: new).map(\.line)
        let restart = "comes into force at the next start"
        #expect(
            lines == [
                "Reloaded 'log_type': error -> error, notice (test.conf:2).",
                "Warning: The 'max_packet_size' option \(restart): 1000 -> 2000 (test.conf:3).",
                "Reloaded 'queue_qos0_messages': default -> true (test.conf:4).",
                "Reloaded 'sys_interval': 5 -> default.",
                "Warning: The 'ciphers' option of listener 1883 \(restart): default -> x (test.conf:7).",
                "Reloaded 'max_qos' of listener 1883: 1 -> 2 (test.conf:6).",
                "Warning: The 'listener' option \(restart): 1884 localhost -> none.",
                "Warning: The 'plugin_opt_KEY' option of plugin a.so \(restart) (test.conf:8).",
            ]
        )
        // What waits for a restart is told again, what was taken over is not.
        let again = try old.applyingReload(of: new).changes(in: new)
        #expect(again.map(\.name) == ["max_packet_size", "ciphers", "listener", "plugin_opt_KEY"])
        #expect(old.changes(in: old) == [])
    }

    @Test("When a record is safe is one of three words")
    func fsync() {
        for word in ["always", "everysec", "no"] {
            let outcome = Outcome("persistence_fsync \(word)")
            #expect(outcome.configuration.persistenceFsync.rawValue == word)
        }
        #expect(
            Outcome("persistence_fsync never").errors.first
                == "Error: Invalid 'persistence_fsync' value (never)."
        )
        #expect(Configuration().persistenceFsync == .everysec)
    }

    @Test("What a file says otherwise of bridges is told by their names, passwords without values")
    func bridges() {
        let old = Outcome(
            """
            connection a
            address h
            topic t
            topic u in
            connection gone
            address h
            topic t
            """
        ).configuration
        let new = Outcome(
            """
            connection new
            address h
            topic t
            connection a
            address h:1884
            topic t
            topic v in
            username u
            password secret
            """
        ).configuration
        #expect(
            old.changes(in: new).map(\.line) == [
                "Reloaded 'connection': none -> new (test.conf:1).",
                "Reloaded 'address' of bridge a: h -> h:1884 (test.conf:5).",
                "Reloaded 'password' of bridge a (test.conf:9).",
                "Reloaded 'topic' of bridge a: t, u in -> t, v in (test.conf:7).",
                "Reloaded 'username' of bridge a: default -> u (test.conf:8).",
                "Reloaded 'connection': gone -> none.",
            ]
        )
        #expect(new.changes(in: new) == [])
    }

    @Test(
        "Options of a listener that only a restart changes keep their value",
        arguments: [
            ("bind_interface lo", \ListenerConfiguration.bindInterface),
            ("http_dir d", \.httpDir),
            ("psk_hint h", \.pskHint),
            ("ciphers c", \.tls.ciphers),
            ("ciphers_tls1.3 c", \.tls.ciphersTls13),
            ("tls_engine e", \.tls.tlsEngine),
            (
                "tls_engine_kpass_sha1 0123456789012345678901234567890123456789",
                \.tls.tlsEngineKpassSha1
            ),
            ("tls_version tlsv1.3", \.tls.tlsVersion),
        ] as [(String, any KeyPath<ListenerConfiguration, String?> & Sendable)]
    )
    func keptOfListener(
        line: String,
        path: any KeyPath<ListenerConfiguration, String?> & Sendable
    ) throws {
        let source = MemorySource(directories: ["d": []])
        let without = Outcome("listener 1", source: source).configuration
        let with = Outcome("listener 1\n\(line)", source: source).configuration
        let started = try #require(with.listeners.first?[keyPath: path])
        #expect(try without.applyingReload(of: with).listeners.first?[keyPath: path] == nil)
        #expect(try with.applyingReload(of: without).listeners.first?[keyPath: path] == started)
    }

    @Test("Reactors and the form of the key are kept as well")
    func keptOthers() throws {
        let result = try reloaded(
            "worker_threads 3\nlistener 1\ntls_keyform engine",
            "worker_threads 5\nlistener 1\ntls_keyform pem"
        )
        #expect(result.workerThreads == 3)
        #expect(result.listeners.first?.tls.isEngineKey == true)
    }

    @Test("docs/configuration.md says which options need a restart, and no others")
    func documented() throws {
        let marked = Set(GeneralOptions.startOnly.keys).union(ListenerOptions.startOnly.keys)
        #expect(marked.count > 40)
        let documented = try Self.documentedStartOnly()
        #expect(marked.subtracting(documented) == [], "marked, but described otherwise")
        #expect(documented.subtracting(marked) == [], "described so, but not marked")
    }

    /// The options whose column Reload says no, and those of plugins, which need a restart altogether.
    private static func documentedStartOnly() throws -> Set<String> {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let path = root.appendingPathComponent("docs/configuration.md")
        var names: Set<String> = []
        var section: Substring = ""
        var column: Int?
        for line in try String(contentsOf: path, encoding: .utf8).split(separator: "\n") {
            if line.hasPrefix("## ") { section = line.dropFirst(3) }
            guard line.hasPrefix("| ") else { continue }
            let cells = line.dropFirst(2).split(separator: " | ")
            if cells[0] == "Option" {
                column = cells.firstIndex(of: "Reload")
            } else if column.map({ cells[$0] == "no" }) ?? (section == "Plugins") {
                names.formUnion(cells[0].matches(of: #/`([^`]+)`/#).map { String($0.output.1) })
            }
        }
        return names
    }

    @Test("Files, log and plugins: the first two are read again, the last is kept")
    func other() throws {
        let result = try reloaded(
            "password_file a\nlog_type error\nplugin p.so",
            "password_file b\nlog_type debug\nplugin q.so"
        )
        #expect(result.security.passwordFile == "b")
        #expect(result.logging.types == .debug)
        #expect(result.plugins.map(\.path) == ["p.so"])
    }

    @Test("A matching listener line sets the listener's options again")
    func listeners() throws {
        let result = try reloaded(
            "listener 1 h\nmount_point a/\nmax_qos 1\nsocket_domain ipv4\nlistener 2",
            "listener 1 h\nmax_qos 0\nsocket_domain ipv6"
        )
        #expect(result.listeners.map(\.port) == [1, 2])
        #expect(result.listeners.map(\.mountPoint) == [nil, nil])
        #expect(result.listeners.map(\.maxQoS) == [0, 2])
        #expect(result.listeners.first?.socketDomain == .ipv4)
    }

    @Test(
        "A listener the broker does not have abandons the reload",
        arguments: ["listener 2", "listener 1 other", "listener 1\nlistener 0 /s"]
    )
    func newListener(text: String) {
        let line = text.split(separator: "\n").count
        #expect(
            throws: ConfigurationError([
                "Error: It is not currently possible to add/remove listeners when"
                    + " reloading the config file.", "Error found at test.conf:\(line).",
            ])
        ) { try reloaded("listener 1", text) }
    }

    @Test("Local-only listeners survive a reload")
    func localOnly() throws {
        let result = try reloaded("", "allow_anonymous false")
        #expect(result.isLocalOnly)
        #expect(result.listeners.count == 3)
        #expect(result.security.allowAnonymous == false)
    }
}
