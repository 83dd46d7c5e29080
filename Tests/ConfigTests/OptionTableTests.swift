// SPDX-License-Identifier: Apache-2.0
// Every option with good values, bad values, no value and twice.

import Config
import Log
import Testing

/// Puts what an option needs above it: a listener, a bridge, a plugin.
private func embedded(_ line: String, in section: String) -> String {
    switch section {
    case "listener": "listener 1883\n\(line)\n"
    case "bridge": "connection b\naddress h\ntopic # both\n\(needs(of: line))\(line)\n"
    case "plugin": "plugin p.so\n\(line)\n"
    default: "\(line)\n"
    }
}

/// What an option of a bridge is nothing without.
private func needs(of line: String) -> String {
    switch line.split(separator: " ").first {
    case "bridge_alpn", "bridge_ciphers", "bridge_ciphers_tls1.3": "bridge_tls_use_os_certs true\n"
    case "bridge_certfile": "bridge_cafile a\nbridge_keyfile k\n"
    case "remote_password", "password": "remote_username u\n"
    default: ""
    }
}

@Suite("Every option")
struct OptionTableTests {
    @Test("A boolean takes true and false, and says what is wrong", arguments: OptionNames.bools)
    func bool(name: String, section: String) {
        // One makes sense only with another.
        let canBeOn = name != "bridge_require_ocsp"
        for good in canBeOn ? ["true", "false", "1", "0"] : ["false", "0"] {
            #expect(Outcome(embedded("\(name) \(good)", in: section)).errors == [])
        }
        #expect(
            Outcome(embedded("\(name) maybe", in: section)).errors.first
                == "Error: Invalid '\(name)' value (maybe)."
        )
        let twice = "\(name) \(canBeOn)\n\(name) \(canBeOn)"
        #expect(Outcome(embedded(twice, in: section)).errors == [])
    }

    @Test("A number must be a number of 32 bits, and may be repeated", arguments: OptionNames.ints)
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

    @Test("Text that may be given once is refused twice", arguments: OptionNames.stringsOnce)
    func stringOnce(name: String, section: String) {
        #expect(Outcome(embedded("\(name) tlsv1.2", in: section)).errors == [])
        #expect(
            Outcome(embedded("\(name) tlsv1.2\n\(name) tlsv1.2", in: section)).errors.first
                == "Error: Duplicate '\(name)' value in configuration."
        )
    }

    @Test("Text that may be repeated is accepted twice", arguments: OptionNames.stringsLast)
    func stringLast(name: String, section: String) {
        let errors = Outcome(embedded("\(name) x\n\(name) x", in: section)).errors
        #expect(!errors.contains { $0.contains("Duplicate") })
    }

    @Test(
        "An option without value is refused",
        arguments: OptionNames.bools + OptionNames.ints + OptionNames.stringsOnce
            + OptionNames.stringsLast
            + OptionNames.others
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
        arguments: (OptionNames.bools + OptionNames.ints + OptionNames.stringsOnce
            + OptionNames.stringsLast
            + OptionNames.others).filter { $0.1 == "bridge" }.map(\.0) + [
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
        "An option of a listener needs one, if only the default listener",
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
                "Error: Unknown configuration variable 'Listener'. Did you mean 'listener'?",
                "Error found at test.conf:2.",
            ]
        )
    }
}
