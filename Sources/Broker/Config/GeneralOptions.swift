// SPDX-License-Identifier: Apache-2.0
// The options that apply to the whole broker.

import Log

/// The options that apply to the whole broker, by name.
enum GeneralOptions {
    /// Limits, queues, `$SYS` and the like.
    static let limits: [String: Setting<Configuration>] = [
        "global_max_clients": .int(\.globalMaxClients).untilRestart(),
        "global_max_connections": .int(\.globalMaxConnections).untilRestart(),
        "max_inflight_bytes": .int(\.maxInflightBytes, raisedTo: 0).untilRestart(),
        "max_inflight_messages": .int(\.maxInflightMessages, inflightMessages).untilRestart(),
        "max_keepalive": .int(\.maxKeepalive, in: 0...65535).untilRestart(),
        "max_packet_size": .int(\.maxPacketSize, in: 20...Int(Int32.max)) { name, _ in
            "Error: '\(name)' must be >= 20."
        }
        .untilRestart(),
        "max_queued_bytes": .int(\.maxQueuedBytes, raisedTo: 0).untilRestart(),
        "max_queued_messages": .int(\.maxQueuedMessages, raisedTo: 0).untilRestart(),
        "max_subscriptions": .int(\.maxSubscriptions, raisedTo: 0),
        "memory_limit": .custom(memoryLimit),
        "message_size_limit": .int(\.messageSizeLimit, messageSizeLimit),
        "packet_buffer_size": .int(\.packetBufferSize, in: 0...65535, packetBufferSize)
            .untilRestart(),
        "websockets_headers_size": .int(\.packetBufferSize, in: 0...65535, packetBufferSize)
            .untilRestart(),
        "retain_expiry_interval": .int(\.retainExpiryInterval, retainExpiryInterval).untilRestart(),
        "sys_interval": .int(\.sysInterval, in: 0...65535),
        "worker_threads": .custom(\.workerThreads, workerThreads).untilRestart(),
        "auth_timeout": .int(\.authTimeout, in: 1...86400),
        "connection_history": .int(\.connectionHistory, in: 0...100_000),
        "max_pending_logins": .int(\.maxPendingLogins, in: 0...1_000_000),
        "plugin_slow_callback_ms": .int(\.pluginSlowCallbackMs, in: 0...3_600_000),
    ]

    /// Switches, names and files.
    static let switches: [String: Setting<Configuration>] = [
        "allow_duplicate_messages": .bool(\.allowDuplicateMessages)
            .deprecated("Clients can use MQTT 5 subscription options instead."),
        "audit_file": .stringOnce(\.auditFile),
        "bridge_loop_protection": .custom(\.bridgeLoopProtection, bridgeLoopProtection),
        "check_retain_source": .bool(\.checkRetainSource).untilRestart(),
        "clientid_prefixes": .string(\.clientidPrefixes)
            .deprecated("Use an authentication plugin to restrict client identifiers."),
        "connection_messages": .bool(\.connectionMessages),
        "enable_control_api": .bool(\.enableControlApi).untilRestart(),
        "pid_file": .stringOnce(\.pidFile).untilRestart(),
        "queue_qos0_messages": .bool(\.queueQoS0Messages),
        "retain_available": .bool(\.retainAvailable).untilRestart(),
        "set_tcp_nodelay": .bool(\.setTcpNodelay).untilRestart(),
        "upgrade_outgoing_qos": .bool(\.upgradeOutgoingQoS),
        "user": .string(\.user).untilRestart(),
        "worker_gathering": .bool(\.workerGathering).untilRestart(),
        "persistent_client_expiration": .custom(persistentClientExpiration),
        "websockets_log_level": .custom {
            (_: inout Configuration, line: inout OptionLine) throws(ConfigurationError) in
            let level = try line.word()
            if level != "all", level != "none" { _ = try OptionLine.int(level, label: line.name) }
        },
        "retry_interval": .ignored { "Warning: The '\($0)' option is no longer available." },
        "dhparamfile": .ignored {
            "Warning: The '\($0)' option is ignored, DH parameters are chosen automatically."
        },
    ]

    /// Where state is kept and when it is saved.
    static let persistence: [String: Setting<Configuration>] = [
        "autosave_interval": .int(\.autosaveInterval, raisedTo: 0),
        "autosave_on_changes": .bool(\.autosaveOnChanges),
        "persistence": .bool(\.persistence).untilRestart(),
        "retained_persistence": .bool(\.persistence).untilRestart(),
        "persistence_file": .stringOnce(\.persistenceFile).untilRestart(),
        "persistence_location": .stringOnce(\.persistenceLocation).untilRestart(),
        "persistence_fsync": .keyword(\.persistenceFsync),
        "persistence_log": .bool(\.persistenceLog).untilRestart(),
        "persistence_buffer": .int(\.persistenceBuffer, raisedTo: 65_536).untilRestart(),
    ]

    /// The options of the log.
    static let logging: [String: Setting<Configuration>] = [
        "log_dest": .custom(logDest),
        "log_format": .custom {
            (root: inout Configuration, line: inout OptionLine) throws(ConfigurationError) in
            let word = try line.word()
            guard let format = LogFormat(rawValue: word) else { throw line.invalid(word) }
            root.logging.format = format
        },
        "log_facility": .custom {
            (root: inout Configuration, line: inout OptionLine) throws(ConfigurationError) in
            let number = try line.int()
            guard 0...7 ~= number else { throw line.invalid(number) }
            root.logging.facility = number
        },
        "log_timestamp": .bool(\.logging.hasTimestamp),
        "log_timestamp_format": .stringOnce(\.logging.timestampFormat),
        "log_type": .custom(logType),
    ]

    /// What the parser reads itself: sections, and what depends on what came before.
    static let directives: [String: Setting<Configuration>] = [
        "per_listener_settings": .directive(\.perListenerSettings).untilRestart(),
        "plugin": .directive(\.plugins).untilRestart(),
        "auth_plugin": .directive(\.plugins).untilRestart(),
        "global_plugin": .directive(\.plugins).untilRestart(),
        "plugin_load": .directive(\.plugins).untilRestart(),
        "plugin_use": .directive(\.plugins).untilRestart(),
        "plugin_opt_KEY": .directive(\.plugins).untilRestart(),
        "auth_opt_KEY": .directive(\.plugins).untilRestart(),
        "plugin_symbols": .directive(\.plugins).untilRestart(),
        "auth_plugin_deny_special_chars": .directive(\.plugins).untilRestart(),
        "plugin_isolation": .directive(\.plugins).untilRestart(),
        "plugin_failure": .directive(\.plugins).untilRestart(),
        "plugin_timeout": .directive(\.plugins).untilRestart(),
        "plugin_restart_wait": .directive(\.plugins).untilRestart(),
        "plugin_memory_limit": .directive(\.plugins).untilRestart(),
    ]

    /// The options that only a restart changes, each with what keeps its value.
    static let startOnly: [String: Setting<Configuration>.Copy] =
        [limits, switches, persistence, logging, directives].reduce(into: [:]) { result, table in
            result.merge(table.compactMapValues(\.keep)) { first, _ in first }
        }

    /// The option of this name.
    static func setting(_ name: String) -> Setting<Configuration>? {
        limits[name] ?? switches[name] ?? persistence[name] ?? logging[name]
    }

    /// 65535 and negative numbers mean no limit.
    private static func inflightMessages(
        _ value: Int,
        _ line: inout OptionLine
    ) throws(ConfigurationError) -> Int {
        guard value <= 65535 else {
            throw ConfigurationError("Error: '\(line.name)' must be <= 65535.")
        }
        return value == 65535 ? 0 : max(value, 0)
    }

    /// Text counts as 0.
    private static func memoryLimit(
        _ root: inout Configuration,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        let value = try line.lenientInt64()
        guard value >= 0 else { throw line.invalid(value) }
        root.memoryLimit = value
    }

    /// The limit works, but `max_packet_size` is what clients are told.
    private static func messageSizeLimit(
        _ value: Int,
        _ line: inout OptionLine
    ) throws(ConfigurationError) -> Int {
        guard 0...268_435_455 ~= value else { throw line.invalid(value) }
        let advice = "Consider using 'max_packet_size' instead of '\(line.name)'."
        line.remarks.append(LogRecord(.notice, advice))
        return value
    }

    @Sendable
    private static func packetBufferSize(_ name: String, _ value: Int) -> String {
        "Error: Packet buffer size must be between 0 and 65535 inclusive."
    }

    /// Minutes, at least one.
    private static func retainExpiryInterval(
        _ value: Int,
        _ line: inout OptionLine
    ) throws(ConfigurationError) -> Int {
        guard value >= 1 else { throw ConfigurationError("Error: \(line.name) must be >= 1.") }
        guard value <= 10_000_000 else {
            line.warn("Warning: '\(line.name)' is limited to 10000000 minutes.")
            return 10_000_000
        }
        return value
    }

    /// `auto` or a number of reactors.
    private static func workerThreads(
        _ root: inout Configuration,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        let word = try line.word()
        guard word != "auto" else {
            root.workerThreads = nil
            return
        }
        let count = try OptionLine.int(word, label: line.name)
        guard 1...64 ~= count else { throw line.invalid(count) }
        root.workerThreads = count
    }

    /// What the broker is called in the user properties of messages.
    private static func bridgeLoopProtection(
        _ root: inout Configuration,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        let name = try line.string(isOnce: true)
        guard name.utf8.count <= 100 else {
            throw ConfigurationError("Error: '\(line.name)' is a name of at most 100 bytes.")
        }
        root.bridgeLoopProtection = name
    }

    /// A number and a unit: s, h, d, w, m (30 days) or y (365 days).
    private static func persistentClientExpiration(
        _ root: inout Configuration,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        let text = try line.string()
        let day = 86400
        let units: [Character: Int] = [
            "s": 1, "h": 3600, "d": day, "w": 7 * day, "m": 30 * day, "y": 365 * day,
        ]
        guard let unit = text.last.flatMap({ units[$0] }),
            let count = Int(text.dropLast()), 1...Int(Int32.max) ~= count
        else {
            throw ConfigurationError("Error: Invalid '\(line.name)' duration in configuration.")
        }
        root.persistentClientExpiration = count * unit
    }

    /// Destinations add up; `none` takes all away.
    private static func logDest(
        _ root: inout Configuration,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        if !line.isRepeated { root.logging.destinations = [] }
        let word = try line.word()
        switch word {
        case "none": root.logging.destinations = []
        case "stdout": root.logging.destinations.insert(.stdout)
        case "stderr": root.logging.destinations.insert(.stderr)
        case "syslog": root.logging.destinations.insert(.syslog)
        case "topic": root.logging.destinations.insert(.topic)
        case "journal": root.logging.destinations.insert(.journal)
        case "file":
            guard root.logging.filePath == nil else {
                throw ConfigurationError("Error: Duplicate \"log_dest file\" value.")
            }
            let path = line.trimmedText()
            guard !path.isEmpty else {
                throw ConfigurationError(
                    "Error: Empty \"log_dest file\" value in configuration."
                )
            }
            root.logging.filePath = path
            root.logging.destinations.insert(.file)
        default:
            let known = ["none", "stdout", "stderr", "syslog", "topic", "file"]
            throw line.invalid(word, known: known)
        }
    }

    /// Types add up from nothing; `none` takes all away.
    private static func logType(
        _ root: inout Configuration,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        if !line.isRepeated { root.logging.types = [] }
        let word = try line.word()
        if word == "none" {
            root.logging.types = []
        } else if let type = LogTypes(word: word) {
            root.logging.types.insert(type)
        } else {
            throw line.invalid(word, known: LogTypes.allWords)
        }
    }
}
