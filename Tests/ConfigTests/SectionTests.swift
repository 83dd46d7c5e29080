// SPDX-License-Identifier: Apache-2.0
// Listeners, security, plugins and the local-only mode.

import Config
import Log
import Testing

@Suite("Listeners, security and plugins")
struct SectionTests {
    @Test("Listeners have a port, and perhaps a host or a path")
    func listeners() {
        let text = "listener 1883\nlistener 1884 localhost x\nlistener 1885 #x\nlistener 0 /tmp/s\n"
        let listeners = Outcome(text).configuration.listeners
        #expect(listeners.map(\.port) == [1883, 1884, 1885, 0])
        #expect(listeners.map(\.host) == [nil, "localhost", nil, nil])
        #expect(listeners.map(\.unixSocketPath) == [nil, nil, nil, "/tmp/s"])
    }

    @Test("Without a listener only loopback is served, on the ports of the command line")
    func localOnly() {
        let none = Outcome("sys_interval 5\nmax_connections 3").configuration
        #expect(none.isLocalOnly)
        #expect(none.listeners.map(\.host) == ["127.0.0.1", "::1", "127.0.0.1"])
        #expect(none.listeners.map(\.port) == [1883, 1883, 9883])
        #expect(none.listeners.map(\.protocol) == [.mqtt, .mqtt, .httpApi])
        #expect(none.listeners.map(\.maxConnections) == [-1, -1, -1])
        let ports = Outcome("", ports: [1888, 1889]).configuration
        #expect(ports.listeners.map(\.port) == [1888, 1888, 1889, 1889, 9883])
        let listener = Outcome("listener 1999", ports: [1888]).configuration
        #expect(!listener.isLocalOnly)
        #expect(listener.listeners.map(\.port) == [1999])
    }

    @Test("port and bind_address make one default listener that is opened")
    func defaultListener() {
        let text = "port 1999\nmax_qos 1\nbind_address localhost\nlistener 1884\n"
        let configuration = Outcome(text).configuration
        #expect(!configuration.isLocalOnly)
        #expect(configuration.listeners.map(\.port) == [1884, 1999])
        #expect(configuration.listeners.map(\.isDefault) == [false, true])
        #expect(configuration.listeners.last?.host == "localhost")
        #expect(configuration.listeners.last?.maxQoS == 1)
    }

    @Test("An option before all listeners opens the default listener beside them, if it changes it")
    func changedDefaultListener() {
        let changed = Outcome("max_connections 100\nlistener 9001\n").configuration
        #expect(changed.listeners.map(\.port) == [9001, 1883])
        #expect(changed.listeners.map(\.isDefault) == [false, true])
        #expect(changed.listeners.map(\.maxConnections) == [-1, 100])
        let unchanged = Outcome("max_connections -1\nlistener 9001\n").configuration
        #expect(unchanged.listeners.map(\.port) == [9001])
        let half = Outcome("certfile server.crt\nlistener 9001\n")
        #expect(
            half.errors == [
                "Error: Both certfile and keyfile must be provided to enable a TLS listener.",
                "Error found at test.conf:1.",
            ]
        )
    }

    @Test("Anonymous clients are allowed in local-only mode unless forbidden")
    func anonymous() throws {
        func allowed(_ text: String) throws -> Bool {
            let configuration = Outcome(text).configuration
            return configuration.allowsAnonymous(on: try #require(configuration.listeners.first))
        }
        #expect(try allowed(""))
        #expect(try !allowed("allow_anonymous false"))
        #expect(try !allowed("listener 1883"))
        #expect(try allowed("listener 1883\nallow_anonymous true"))
        #expect(
            try !allowed("allow_anonymous true\nlistener 1883\nlistener_allow_anonymous false")
        )
        #expect(try allowed("per_listener_settings true\nlistener 1883\nallow_anonymous true"))
        #expect(
            try !allowed("per_listener_settings true\nlistener 1\nlistener 2\nallow_anonymous true")
        )
    }

    @Test("The prefix of made client identifiers is the listener's, the global one or auto-")
    func autoIdPrefix() throws {
        func prefix(_ text: String) throws -> String {
            let configuration = Outcome(text).configuration
            return configuration.autoIdPrefix(on: try #require(configuration.listeners.first))
        }
        #expect(try prefix("listener 1") == "auto-")
        #expect(try prefix("auto_id_prefix a\nlistener 1") == "a")
        #expect(try prefix("auto_id_prefix a\nlistener 1\nlistener_auto_id_prefix b") == "b")
    }

    @Test("With per_listener_settings the security options belong to listeners")
    func perListenerSettings() {
        let text = """
            per_listener_settings true
            listener 1
            acl_file a1
            allow_zero_length_clientid false
            auto_id_prefix x
            plugin p.so
            plugin_opt_k v
            listener 2
            acl_file a2
            password_file p2
            psk_file k2
            auto_id_prefix y
            """
        let configuration = Outcome(text).configuration
        #expect(configuration.listeners.map(\.security.aclFile) == ["a1", "a2"])
        #expect(configuration.listeners.map(\.security.passwordFile) == [nil, "p2"])
        #expect(configuration.listeners.map(\.security.autoIdPrefix) == ["x", "y"])
        #expect(configuration.plugins.map(\.scope) == [.listeners([0])])
        #expect(
            configuration.listeners.map { configuration.allowsZeroLengthClientid(on: $0) }
                == [false, true]
        )
    }

    @Test(
        "With per_listener_settings each of them needs a listener",
        arguments: [
            "acl_file x", "allow_anonymous true", "allow_zero_length_clientid true",
            "auto_id_prefix x", "password_file x", "psk_file x", "plugin x", "auth_plugin x",
        ]
    )
    func perListenerNeedsListener(line: String) {
        let name = line.split(separator: " ")[0]
        #expect(
            Outcome("per_listener_settings true\n\(line)").errors.first
                == "Error: The '\(name)' option requires a listener to be defined first."
        )
    }

    @Test(
        "per_listener_settings comes before any of them, and stays",
        arguments: ["acl_file x", "allow_anonymous true", "plugin x", "psk_file x"]
    )
    func perListenerFirst(line: String) {
        #expect(
            Outcome("listener 1\n\(line)\nper_listener_settings true").errors == [
                "Error: per_listener_settings must be set before any other security settings.",
                "Error found at test.conf:3.",
            ]
        )
        let twice = Outcome("per_listener_settings true\nper_listener_settings false")
        #expect(twice.configuration.perListenerSettings)
    }

    @Test(
        "Certificate and PSK encryption exclude each other",
        arguments: [
            "certfile c\npsk_hint h", "psk_hint h\ncertfile c", "psk_hint h\ncafile c",
            "certfile c\npsk_file p",
        ]
    )
    func bothEncryptions(lines: String) {
        #expect(
            Outcome("listener 1\n\(lines)").errors.first
                == "Error: Cannot use both certificate and psk encryption in a single listener."
        )
    }

    @Test(
        "TLS and PROXY options that do not fit together are refused with the place of one of them",
        arguments: [
            (
                "certfile c",
                "Error: Both certfile and keyfile must be provided to enable a TLS listener."
            ),
            (
                "keyfile c",
                "Error: Both certfile and keyfile must be provided to enable a TLS listener."
            ),
            ("cafile c", "Error: cafile specified without certfile and keyfile."),
            ("capath c", "Error: capath specified without certfile and keyfile."),
            (
                "enable_proxy_protocol 2\nuse_subject_as_username true",
                "Error: use_subject_as_username cannot be used with `enable_proxy_protocol 2`."
            ),
            (
                "enable_proxy_protocol 2\ncertfile c\nkeyfile k",
                "Error: certfile and keyfile cannot be used with `enable_proxy_protocol 2`."
            ),
        ]
    )
    func postChecks(lines: String, error: String) {
        let line = 1 + lines.split(separator: "\n").count - (lines.hasSuffix("keyfile k") ? 1 : 0)
        #expect(
            Outcome("listener 1\n\(lines)").errors == [error, "Error found at test.conf:\(line)."]
        )
    }

    @Test("Plugins keep their options in order, repeats included")
    func plugins() {
        let text = """
            plugin /a b.so
            plugin_opt_k  one two
            auth_opt_k \t three
            plugin_opt_other x
            plugin_symbols local
            auth_plugin_deny_special_chars false
            global_plugin g.so
            """
        let plugins = Outcome(text).configuration.plugins
        #expect(plugins.map(\.path) == ["/a b.so", "g.so"])
        #expect(plugins.map(\.scope) == [.global, .global])
        #expect(
            plugins.first?.options == [
                .init(key: "k", value: "one two"), .init(key: "k", value: "three"),
                .init(key: "other", value: "x"),
            ]
        )
        #expect(plugins.first?.symbols == .local)
        #expect(plugins.map(\.denySpecialChars) == [false, true])
        #expect(plugins.map(\.line) == [1, 7])
    }

    @Test("Isolation is said of a plugin, and before the first one of all")
    func pluginIsolation() {
        let text = """
            plugin_isolation process
            plugin_timeout 3
            plugin a.so
            plugin_failure ignore
            plugin_restart_wait 0
            plugin_memory_limit 268435456
            plugin b.so
            plugin_isolation none
            plugin_timeout 86400
            """
        let isolation = Outcome(text).configuration.plugins.map(\.isolation)
        #expect(isolation.map(\.mode) == [.process, .none])
        #expect(isolation.map(\.failure) == [.ignore, .deny])
        #expect(isolation.map(\.timeoutSeconds) == [3, 86400])
        #expect(isolation.map(\.restartWaitSeconds) == [0, 1])
        #expect(isolation.map(\.memoryMax) == [268_435_456, 0])
    }

    @Test("plugin_load declares, plugin_use attaches to listeners")
    func pluginUse() {
        let text = """
            plugin_load one /p/1.so
            plugin_opt_k v
            plugin_load two /p/2.so
            listener 1
            plugin_use one
            listener 2
            plugin_use one
            plugin_use one
            """
        let plugins = Outcome(text).configuration.plugins
        #expect(plugins.map(\.name) == ["one", "two"])
        #expect(plugins.map(\.scope) == [.listeners([0, 1]), .listeners([])])
        #expect(plugins.map(\.isUnused) == [false, true])
    }

    @Test(
        "Plugin lines that lack something are refused",
        arguments: [
            ("plugin_load a", "Error: Missing plugin path for plugin name 'a'."),
            ("plugin_load a b\nplugin_load a c", "Error: Duplicate plugin name 'a'."),
            ("plugin a\nplugin_opt_ x", "Error: Invalid 'plugin_opt_' config option."),
            ("plugin a\nplugin_opt_test", "Error: Empty 'test' value in configuration."),
            ("plugin a\nplugin_symbols x", "Error: Invalid 'plugin_symbols' value (x)."),
            ("plugin a\nplugin_isolation x", "Error: Invalid 'plugin_isolation' value (x)."),
            ("plugin_failure accept", "Error: Invalid 'plugin_failure' value (accept)."),
            ("plugin_timeout 0", "Error: Invalid 'plugin_timeout' value (0)."),
            ("plugin_timeout 86401", "Error: Invalid 'plugin_timeout' value (86401)."),
            ("plugin_restart_wait -1", "Error: Invalid 'plugin_restart_wait' value (-1)."),
            ("plugin_memory_limit -1", "Error: Invalid 'plugin_memory_limit' value (-1)."),
        ]
    )
    func pluginErrors(text: String, error: String) {
        #expect(Outcome(text).errors.first == error)
    }
}
