// SPDX-License-Identifier: Apache-2.0
// The ranges, special values and error texts of single options.

import Config
import Log
import Testing

@Suite("Values of options")
struct ValueTests {
    @Test(
        "Values outside the range are refused with the text of the original",
        arguments: [
            ("max_inflight_messages 65536", "Error: 'max_inflight_messages' must be <= 65535."),
            ("max_keepalive 65536", "Error: Invalid 'max_keepalive' value (65536)."),
            ("max_keepalive -1", "Error: Invalid 'max_keepalive' value (-1)."),
            ("max_packet_size 19", "Error: 'max_packet_size' must be >= 20."),
            ("memory_limit -1", "Error: Invalid 'memory_limit' value (-1)."),
            (
                "message_size_limit 556000000",
                "Error: Invalid 'message_size_limit' value (556000000)."
            ),
            ("message_size_limit -1", "Error: Invalid 'message_size_limit' value (-1)."),
            (
                "packet_buffer_size 65536",
                "Error: Packet buffer size must be between 0 and 65535 inclusive."
            ),
            ("retain_expiry_interval 0", "Error: retain_expiry_interval must be >= 1."),
            ("sys_interval -1", "Error: Invalid 'sys_interval' value (-1)."),
            ("log_facility 8", "Error: Invalid 'log_facility' value (8)."),
            ("log_dest nowhere", "Error: Invalid 'log_dest' value (nowhere)."),
            ("log_dest file", "Error: Empty \"log_dest file\" value in configuration."),
            ("log_dest file a\nlog_dest file b", "Error: Duplicate \"log_dest file\" value."),
            ("log_format xml", "Error: Invalid 'log_format' value (xml)."),
            ("log_type loud", "Error: Invalid 'log_type' value (loud)."),
            (
                "persistent_client_expiration 1x",
                "Error: Invalid 'persistent_client_expiration' duration in configuration."
            ),
            (
                "persistent_client_expiration 0d",
                "Error: Invalid 'persistent_client_expiration' duration in configuration."
            ),
            (
                "auto_id_prefix \(String(repeating: "x", count: 51))",
                "Error: auto_id_prefix length must be <= 50."
            ),
            ("worker_threads 0", "Error: Invalid 'worker_threads' value (0)."),
            ("worker_threads 65", "Error: Invalid 'worker_threads' value (65)."),
            ("port 0", "Error: Invalid 'port' value (0)."),
            (
                "bind_address unknown",
                "Error: Error resolving bind_address: Name or service not known."
            ),
        ]
    )
    func globalRange(line: String, error: String) {
        #expect(Outcome(line).errors.first == error)
    }

    @Test(
        "Values of a listener outside the range are refused",
        arguments: [
            ("max_qos 3", "Error: 'max_qos' must be between 0 and 2 inclusive."),
            ("max_qos -1", "Error: 'max_qos' must be between 0 and 2 inclusive."),
            ("max_topic_alias 65536", "Error: Invalid 'max_topic_alias' value in configuration."),
            (
                "max_topic_alias_broker -1",
                "Error: Invalid 'max_topic_alias_broker' value in configuration."
            ),
            (
                "mount_point test/+/",
                "Error: Invalid 'mount_point' value (test/+/). "
                    + "Does it contain a wildcard character?"
            ),
            ("protocol smtp", "Error: Invalid 'protocol' value (smtp)."),
            ("socket_domain ipx", "Error: Invalid 'socket_domain' value 'ipx' in configuration."),
            (
                "listener_auto_id_prefix \(String(repeating: "x", count: 51))",
                "Error: 'listener_auto_id_prefix' length must be <= 50."
            ),
            ("enable_proxy_protocol 0", "Error: enable_proxy_protocol must be 1 or 2."),
            ("enable_proxy_protocol 3", "Error: enable_proxy_protocol must be 1 or 2."),
            ("tls_engine_kpass_sha1 12", "Error: Invalid 'tls_engine_kpass_sha1' value (12)."),
            ("plugin_use x", "Error: Plugin 'x' not previously loaded."),
            ("listener", "Error: Empty 'listener port' value in configuration."),
            ("listener x", "Error: 'listener port' value not a number."),
            ("listener 100000", "Error: Invalid 'port' value (100000)."),
            ("listener -1", "Error: Invalid 'port' value (-1)."),
            ("listener 0", "Error: A listener with port 0 must provide a Unix socket path."),
        ]
    )
    func listenerRange(line: String, error: String) {
        #expect(
            Outcome("listener 1884\n\(line)").errors == [error, "Error found at test.conf:2."]
        )
    }

    @Test("A directory for http_dir that does not exist, or is a file, is refused with its reason")
    func httpDir() {
        let source = MemorySource(files: ["file": []], directories: ["www": []])
        let found = Outcome("listener 1\nprotocol http_api\nhttp_dir www", source: source)
        #expect(found.configuration.listeners.first?.httpDir == "/absolute/www")
        let missing = Outcome("listener 1\nprotocol http_api\nhttp_dir gone", source: source)
        #expect(
            missing.errors == [
                "Error: Unable to open http_dir 'gone': No such file or directory.",
                "Error found at test.conf:3.",
            ]
        )
        let file = Outcome("listener 1\nhttp_dir file", source: source)
        #expect(file.errors.first == "Error: Unable to open http_dir 'file': Not a directory.")
    }

    @Test("Negative and special numbers mean what the original makes of them")
    func specialNumbers() {
        let text = """
            autosave_interval -5
            max_inflight_bytes -1
            max_inflight_messages 65535
            max_queued_bytes -1
            max_queued_messages -2
            memory_limit plenty
            retain_expiry_interval 10000001
            listener 1883
            max_connections -7
            """
        let configuration = Outcome(text).configuration
        #expect(configuration.autosaveInterval == 0)
        #expect(configuration.maxInflightBytes == 0)
        #expect(configuration.maxInflightMessages == 0)
        #expect(configuration.maxQueuedBytes == 0)
        #expect(configuration.maxQueuedMessages == 0)
        #expect(configuration.memoryLimit == 0)
        #expect(configuration.retainExpiryInterval == 10_000_000)
        #expect(configuration.listeners.first?.maxConnections == -1)
        #expect(Outcome("max_inflight_messages -3").configuration.maxInflightMessages == 0)
        #expect(Outcome("memory_limit 5000000000").configuration.memoryLimit == 5_000_000_000)
    }

    @Test(
        "A session expiration is a number with a unit",
        arguments: [
            ("30s", 30), ("2h", 7200), ("1d", 86400), ("1w", 604_800), ("1m", 2_592_000),
            ("1y", 31_536_000),
        ]
    )
    func expiration(text: String, seconds: Int) {
        let configuration = Outcome("persistent_client_expiration \(text)").configuration
        #expect(configuration.persistentClientExpiration == seconds)
    }

    @Test("The defaults are those of the original")
    func defaults() {
        let configuration = Outcome("").configuration
        #expect(configuration.maxInflightMessages == 20)
        #expect(configuration.maxQueuedMessages == 1000)
        #expect(configuration.maxPacketSize == 2_000_000)
        #expect(configuration.sysInterval == 10)
        #expect(configuration.autosaveInterval == 1800)
        #expect(configuration.user == "mosquitto")
        #expect(configuration.persistencePath == "mosquitto.db")
        #expect(!configuration.checkRetainSource)
        #expect(configuration.logging.types == .standard)
        #expect(configuration.logging.destinations == .stderr)
        #expect(configuration.workerThreads == nil)
    }

    @Test("Accepted protocol versions are listed with commas, spaces or tabs")
    func protocolVersions() {
        func versions(_ list: String) -> [UInt8] {
            let outcome = Outcome("listener 1883\naccept_protocol_versions \(list)")
            let set = outcome.configuration.listeners.first?.acceptProtocolVersions ?? []
            return [3, 4, 5].filter { set.contains(level: $0) }
        }
        #expect(versions("3, 4") == [3, 4])
        #expect(versions("5\t4") == [4, 5])
        #expect(versions("5,6,x") == [5])
    }

    @Test("Log types add up from nothing, none starts again, all is everything")
    func logTypes() {
        #expect(
            Outcome("log_type error\nlog_type debug").configuration.logging.types
                == [.error, .debug]
        )
        #expect(
            Outcome("log_type error\nlog_type none\nlog_type notice").configuration.logging.types
                == [.notice]
        )
        #expect(Outcome("log_type all").configuration.logging.types == .all)
        #expect(Outcome("log_type none").configuration.logging.types == [])
    }

    @Test("Log destinations add up, none takes all away")
    func logDestinations() {
        func logging(_ text: String) -> LogConfiguration { Outcome(text).configuration.logging }
        #expect(logging("log_dest stdout\nlog_dest topic").destinations == [.stdout, .topic])
        #expect(logging("log_dest stdout\nlog_dest none").destinations == [])
        #expect(logging("log_dest none\nlog_dest syslog").destinations == [.syslog])
        #expect(logging("log_dest journal\nlog_dest topic").destinations == [.journal, .topic])
        #expect(logging("log_type all").format == .text)
        #expect(logging("log_format json").format == .json)
        #expect(logging("log_format json\nlog_format logfmt").format == .logfmt)
        let file = logging("log_dest file /var/log/a b.log  ")
        #expect(file.destinations == [.file])
        #expect(file.filePath == "/var/log/a b.log")
    }

    @Test(
        "Options that are going away say so",
        arguments: [
            "allow_duplicate_messages true", "auto_id_prefix x", "bind_address localhost",
            "clientid_prefixes x", "per_listener_settings true", "port 1883",
        ]
    )
    func deprecated(line: String) {
        let name = line.split(separator: " ")[0]
        let notice = "The '\(name)' option is now deprecated and will be removed in version 3.0."
        #expect(Outcome(line).remarks(.notice).contains { $0.hasPrefix(notice) })
    }

    @Test("Options without effect are accepted with a warning")
    func ignored() {
        #expect(
            Outcome("retry_interval 20").remarks(.warning) == [
                "Warning: The 'retry_interval' option is no longer available."
            ]
        )
        #expect(Outcome("dhparamfile x").remarks(.warning).count == 1)
        #expect(
            Outcome("port 1883").remarks(.warning).contains {
                $0.contains("Default listener port specified multiple times")
            }
        )
        #expect(
            Outcome("message_size_limit 10").remarks(.notice).contains {
                $0.contains("max_packet_size")
            }
        )
    }
}
