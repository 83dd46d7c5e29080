// SPDX-License-Identifier: Apache-2.0
// Every option with good values, bad values, no value and twice.

import Config
import Log
import Testing

/// Puts what an option needs above it: a listener, a bridge, a plugin.
private func embedded(_ line: String, in section: String) -> String {
    switch section {
    case "listener": "listener 1883\n\(line)\n"
    case "bridge": "connection b\naddress h\ntopic # both\n\(line)\n"
    case "plugin": "plugin p.so\n\(line)\n"
    default: "\(line)\n"
    }
}

/// Options by the kind of their value, with the section they need.
private enum Options {
    static let globalBools = [
        "allow_duplicate_messages", "autosave_on_changes", "check_retain_source",
        "connection_messages", "enable_control_api", "log_timestamp", "persistence",
        "queue_qos0_messages", "retain_available", "retained_persistence", "set_tcp_nodelay",
        "upgrade_outgoing_qos", "allow_anonymous", "allow_zero_length_clientid",
        "per_listener_settings",
    ]
    static let listenerBools = [
        "listener_allow_anonymous", "use_username_as_clientid", "disable_client_cert_date_checks",
        "require_certificate", "use_identity_as_username", "use_subject_as_username",
        "proxy_protocol_v2_require_tls",
    ]
    static let bridgeBools = [
        "bridge_attempt_unsubscribe", "bridge_outgoing_retain", "bridge_require_ocsp",
        "bridge_tls_use_os_certs", "bridge_insecure", "cleansession", "local_cleansession",
        "round_robin", "try_private", "notifications", "notifications_local_only",
    ]
    static let bools =
        globalBools.map { ($0, "") } + listenerBools.map { ($0, "listener") }
        + bridgeBools.map { ($0, "bridge") } + [("auth_plugin_deny_special_chars", "plugin")]
    static let ints =
        [
            "autosave_interval", "global_max_clients", "global_max_connections",
            "max_inflight_bytes", "max_inflight_messages", "max_keepalive", "max_packet_size",
            "max_queued_bytes", "max_queued_messages", "max_subscriptions", "message_size_limit",
            "packet_buffer_size",
            "websockets_headers_size", "retain_expiry_interval", "sys_interval",
            "websockets_log_level", "auth_timeout", "max_pending_logins", "plugin_slow_callback_ms",
            "log_facility",
            "port",
        ].map { ($0, "") }
        + [
            "max_connections", "max_qos", "maximum_qos", "max_topic_alias",
            "max_topic_alias_broker", "enable_proxy_protocol", "http_memory_limit",
        ].map { ($0, "listener") }
        + [
            "bridge_max_packet_size", "bridge_max_topic_alias", "bridge_receive_maximum",
            "bridge_session_expiry_interval", "bridge_tcp_user_timeout", "keepalive_interval",
            "idle_timeout", "threshold", "restart_timeout",
        ].map { ($0, "bridge") }
    static let stringsOnce =
        [
            "pid_file", "persistence_file", "persistence_location", "log_timestamp_format",
            "auto_id_prefix", "bind_address",
        ].map { ($0, "") }
        + ["bind_interface", "listener_auto_id_prefix", "tls_engine", "tls_version", "psk_hint"]
        .map { ($0, "listener") }
        + [
            "bridge_bind_address", "bridge_alpn", "bridge_cafile", "bridge_capath",
            "bridge_certfile", "bridge_ciphers", "bridge_ciphers_tls1.3", "notification_topic",
            "remote_clientid", "clientid", "local_clientid", "remote_username", "username",
            "remote_password", "password", "local_username", "local_password",
        ].map { ($0, "bridge") }
    static let stringsLast =
        ["acl_file", "password_file", "psk_file", "user", "clientid_prefixes"].map { ($0, "") }
        + [
            "mount_point", "cafile", "capath", "certfile", "keyfile", "ciphers", "ciphers_tls1.3",
            "crlfile", "tls_keyform", "websockets_origin",
        ].map { ($0, "listener") }
        + [("bridge_keyfile", "bridge")]
    static let others =
        [
            "plugin", "auth_plugin", "global_plugin", "plugin_load", "include_dir",
            "memory_limit", "persistent_client_expiration", "worker_threads", "log_dest",
            "log_type", "connection",
        ].map { ($0, "") }
        + ["accept_protocol_versions", "protocol", "socket_domain", "plugin_use", "http_dir"]
        .map { ($0, "listener") }
        + [
            "bridge_protocol_version", "bridge_reload_type", "start_type", "bridge_tls_version",
            "bridge_identity", "bridge_psk", "topic",
        ].map { ($0, "bridge") }
        + [("plugin_symbols", "plugin")]
}

@Suite("Every option")
struct OptionTableTests {
    @Test("A boolean takes true and false, and says what is wrong", arguments: Options.bools)
    func bool(name: String, section: String) {
        for good in ["true", "false", "1", "0"] {
            #expect(Outcome(embedded("\(name) \(good)", in: section)).errors == [])
        }
        #expect(
            Outcome(embedded("\(name) maybe", in: section)).errors.first
                == "Error: Invalid '\(name)' value (maybe)."
        )
        #expect(Outcome(embedded("\(name) true\n\(name) true", in: section)).errors == [])
    }

    @Test("A number must be a number of 32 bits, and may be repeated", arguments: Options.ints)
    func int(name: String, section: String) {
        #expect(
            Outcome(embedded("\(name) many", in: section)).errors.first
                == "Error: '\(name)' value not a number."
        )
        #expect(
            Outcome(embedded("\(name) 4294967296", in: section)).errors.first
                == "Error: '\(name)' value out of range."
        )
        let value = name == "max_packet_size" ? 20 : 2
        #expect(
            Outcome(embedded("\(name) \(value)\n\(name) \(value)", in: section)).errors == []
        )
    }

    @Test("Text that may be given once is refused twice", arguments: Options.stringsOnce)
    func stringOnce(name: String, section: String) {
        #expect(Outcome(embedded("\(name) tlsv1.2", in: section)).errors == [])
        #expect(
            Outcome(embedded("\(name) tlsv1.2\n\(name) tlsv1.2", in: section)).errors.first
                == "Error: Duplicate '\(name)' value in configuration."
        )
    }

    @Test("Text that may be repeated is accepted twice", arguments: Options.stringsLast)
    func stringLast(name: String, section: String) {
        let errors = Outcome(embedded("\(name) x\n\(name) x", in: section)).errors
        #expect(!errors.contains { $0.contains("Duplicate") || $0.contains("found at") })
    }

    @Test(
        "An option without value is refused",
        arguments: Options.bools + Options.ints + Options.stringsOnce + Options.stringsLast
            + Options.others
    )
    func empty(name: String, section: String) {
        let label = name == "listener" ? "listener port" : name
        for line in [name, "\(name) ", "\(name)   \r"] where name != "include_dir" || line == name {
            #expect(
                Outcome(embedded(line, in: section)).errors.first
                    == "Error: Empty '\(label)' value in configuration."
            )
        }
    }

    @Test(
        "An option of a bridge needs a bridge",
        arguments: (Options.bools + Options.ints + Options.stringsOnce + Options.stringsLast
            + Options.others).filter { $0.1 == "bridge" }.map(\.0) + [
                "address", "addresses", "bridge_tcp_keepalive",
            ]
    )
    func needsBridge(name: String) {
        #expect(
            Outcome("listener 1883\n\(name) x").errors == [
                "Error: The '\(name)' option requires a bridge to be defined first.",
                "Error found at test.conf:2.",
            ]
        )
    }

    @Test(
        "An option of a plugin needs a plugin",
        arguments: [
            "plugin_opt_inval", "auth_opt_x", "auth_plugin_deny_special_chars", "plugin_symbols",
        ]
    )
    func needsPlugin(name: String) {
        #expect(
            Outcome("\(name) true").errors.first == "Error: The '\(name)' option requires "
                + "plugin/global_plugin/plugin_load to be defined first."
        )
    }

    @Test(
        "An option of an explicit listener needs one",
        arguments: [
            "listener_allow_anonymous", "listener_auto_id_prefix", "max_topic_alias",
            "max_topic_alias_broker", "cafile", "disable_client_cert_date_checks", "tls_version",
            "websockets_origin", "http_dir", "http_memory_limit", "enable_proxy_protocol",
            "proxy_protocol_v2_require_tls",
        ]
    )
    func needsListener(name: String) {
        let error = "Error: The '\(name)' option requires a listener to be defined first."
        #expect(Outcome("\(name) 1").errors == [error, "Error found at test.conf:1."])
        #expect(!Outcome("port 1883\n\(name) 1").errors.contains(error))
    }

    @Test(
        "Some options also refuse the default listener",
        arguments: ["accept_protocol_versions", "mount_point", "plugin_use"]
    )
    func needsExplicitListener(name: String) {
        let error = "Error: The '\(name)' option requires a listener to be defined first."
        #expect(Outcome("\(name) 3").errors.first == error)
        #expect(Outcome("port 1883\n\(name) 3").errors.first == error)
    }

    @Test(
        "Some options make the default listener, which alone does not open it",
        arguments: [
            "bind_interface lo", "max_connections 3", "max_qos 1", "maximum_qos 1",
            "protocol mqtt", "socket_domain ipv4", "use_username_as_clientid true", "capath x",
            "ciphers x", "ciphers_tls1.3 x", "crlfile x", "require_certificate true",
            "tls_engine x", "tls_keyform pem", "use_identity_as_username true",
            "use_subject_as_username true", "psk_hint x", "certfile x", "keyfile x",
        ]
    )
    func makesDefaultListener(line: String) {
        let outcome = Outcome(line)
        let name = line.split(separator: " ")[0]
        #expect(outcome.errors == [])
        #expect(outcome.configuration.isLocalOnly)
        let remarks = outcome.remarks(.information)
        #expect(remarks.first == "Creating default listener due to '\(name)' option.")
        #expect(remarks.count == 2)
    }

    @Test("An unknown option is named with its place")
    func unknown() {
        #expect(
            Outcome("sys_interval 1\nListener 1883\n").errors == [
                "Error: Unknown configuration variable 'Listener'.", "Error found at test.conf:2.",
            ]
        )
    }
}
