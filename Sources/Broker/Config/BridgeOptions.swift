// SPDX-License-Identifier: Apache-2.0
// The options that apply to one bridge.

import Log

/// The options that apply to one bridge, by name.
enum BridgeOptions {
    private typealias Bridge = BridgeConfiguration

    /// The options about connection, identity and MQTT.
    static let common: [String: Setting<BridgeConfiguration>] = [
        "address": .custom(address),
        "addresses": .custom(address),
        "topic": .custom(BridgeTopicParser.apply),
        "bridge_attempt_unsubscribe": .bool(\.attemptUnsubscribe),
        "bridge_bind_address": .stringOnce(\.bindAddress),
        "bridge_max_packet_size": .int(\.maxPacketSize, raisedTo: 0),
        "bridge_max_topic_alias": .int(\.maxTopicAlias, in: 0...65535),
        "bridge_outgoing_retain": .bool(\.outgoingRetain),
        "bridge_protocol_version": .custom {
            (bridge: inout Bridge, line: inout OptionLine) throws(ConfigurationError) in
            let text = try line.string()
            guard let version = BridgeProtocolVersion(rawValue: text) else {
                throw line.invalid(text)
            }
            bridge.protocolVersion = version
        },
        "bridge_receive_maximum": .custom(receiveMaximum),
        "bridge_reload_type": .keyword(\.reloadType),
        "bridge_session_expiry_interval": .int(\.sessionExpiryInterval, in: 0...Int(Int32.max)),
        "bridge_tcp_keepalive": .custom(tcpKeepalive),
        "bridge_tcp_user_timeout": .custom {
            (bridge: inout Bridge, line: inout OptionLine) throws(ConfigurationError) in
            let milliseconds = try line.int()
            guard milliseconds >= 0 else { throw line.invalid(milliseconds) }
            bridge.tcpUserTimeout = milliseconds
        },
        "cleansession": .bool(\.cleansession),
        "local_cleansession": .bool(\.localCleansession),
        "keepalive_interval": .int(\.keepaliveInterval, keepalive),
        "idle_timeout": .int(\.idleTimeout, atLeastOne),
        "threshold": .int(\.threshold, atLeastOne),
        "start_type": .custom(startType),
        "restart_timeout": .custom(restartTimeout),
        "round_robin": .bool(\.roundRobin),
        "try_private": .bool(\.tryPrivate),
        "notifications": .bool(\.notifications),
        "notifications_local_only": .bool(\.notificationsLocalOnly),
        "notification_topic": .stringOnce(\.notificationTopic),
    ]

    /// The options about identity and TLS.
    static let identity: [String: Setting<BridgeConfiguration>] = [
        "remote_clientid": .stringOnce(\.remoteClientid),
        "clientid": .stringOnce(\.remoteClientid),
        "local_clientid": .stringOnce(\.localClientid),
        "remote_username": .stringOnce(\.remoteUsername),
        "username": .stringOnce(\.remoteUsername),
        "remote_password": .stringOnce(\.remotePassword),
        "password": .stringOnce(\.remotePassword),
        "local_username": .stringOnce(\.localUsername),
        "local_password": .stringOnce(\.localPassword),
        "bridge_alpn": .custom {
            (bridge: inout Bridge, line: inout OptionLine) throws(ConfigurationError) in
            let alpn = try line.string(isOnce: true)
            guard alpn.utf8.count <= 254 else {
                throw ConfigurationError("Error: \(line.name) value too long.")
            }
            bridge.tls.alpn = alpn
        },
        "bridge_cafile": certificate(\.tls.cafile, isOnce: true),
        "bridge_capath": certificate(\.tls.capath, isOnce: true),
        "bridge_certfile": certificate(\.tls.certfile, isOnce: true),
        "bridge_keyfile": certificate(\.tls.keyfile, isOnce: false),
        "bridge_ciphers": .stringOnce(\.tls.ciphers),
        "bridge_ciphers_tls1.3": .stringOnce(\.tls.ciphersTls13),
        "bridge_identity": preSharedKey(\.tls.identity, word: "identity"),
        "bridge_psk": preSharedKey(\.tls.psk, word: "psk"),
        "bridge_insecure": .custom {
            (bridge: inout Bridge, line: inout OptionLine) throws(ConfigurationError) in
            bridge.tls.insecure = try line.bool()
            guard bridge.tls.insecure else { return }
            line.warn("Warning: Bridge '\(bridge.name)' using insecure mode.")
        },
        "bridge_require_ocsp": .bool(\.tls.requireOcsp),
        "bridge_tls_use_os_certs": .bool(\.tls.useOsCerts),
        "bridge_tls_version": .custom {
            (bridge: inout Bridge, line: inout OptionLine) throws(ConfigurationError) in
            let version = try line.string(isOnce: true)
            guard version == "tlsv1.2" || version == "tlsv1.3" else {
                throw ConfigurationError("Error: Protocol \(version) not supported.")
            }
            bridge.tls.version = version
        },
    ]

    /// The option of this name.
    static func setting(_ name: String) -> Setting<BridgeConfiguration>? {
        common[name] ?? identity[name]
    }

    /// What other names an option goes by counts as the same option.
    static let aliases = [
        "addresses": "address", "clientid": "remote_clientid",
        "username": "remote_username", "password": "remote_password",
    ]

    /// The remote brokers.
    private static func address(
        _ bridge: inout BridgeConfiguration,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        guard !line.isRepeated else {
            throw ConfigurationError(
                "Error: Invalid bridge configuration, 'address' only allowed once."
            )
        }
        var next: String? = try line.word()
        while let word = next, !word.hasPrefix("#") {
            bridge.addresses.append(try BridgeAddress.parse(word))
            next = line.nextWord()
        }
    }

    /// 1...65535.
    private static func receiveMaximum(
        _ bridge: inout BridgeConfiguration,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        let value = try line.int()
        guard value > 0 else {
            throw ConfigurationError("Error: '\(line.name)' must be greater than 0.")
        }
        guard value <= 65535 else {
            throw ConfigurationError("Error: '\(line.name)' must be lower than 65535.")
        }
        bridge.receiveMaximum = value
    }

    /// Three numbers above zero.
    private static func tcpKeepalive(
        _ bridge: inout BridgeConfiguration,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        var values: [Int] = []
        for part in ["idle", "interval", "counter"] {
            let value = try line.int(label: "\(line.name) \(part)")
            guard value > 0 else { throw line.invalid(value) }
            values.append(value)
        }
        bridge.tcpKeepalive = BridgeTCPKeepalive(
            idle: values[0],
            interval: values[1],
            count: values[2]
        )
    }

    /// 5...65535.
    private static func keepalive(
        _ value: Int,
        _ line: inout OptionLine
    ) throws(ConfigurationError) -> Int {
        guard value <= 65535 else {
            throw ConfigurationError("Error: Bridge keepalive value too high.")
        }
        guard value >= 5 else {
            line.remarks.append(
                LogRecord(.notice, "keepalive interval too low, using 5 seconds.")
            )
            return 5
        }
        return value
    }

    /// Smaller numbers mean 1.
    private static func atLeastOne(
        _ value: Int,
        _ line: inout OptionLine
    ) throws(ConfigurationError) -> Int {
        guard value < 1 else { return value }
        line.remarks.append(LogRecord(.notice, "\(line.name) too low, using 1."))
        return 1
    }

    /// `automatic`, `lazy` or `once`.
    private static func startType(
        _ bridge: inout BridgeConfiguration,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        let word = try line.word()
        guard word != "manual" else {
            throw ConfigurationError("Error: Manual start_type not supported.")
        }
        guard let type = BridgeStartType(rawValue: word) else { throw line.invalid(word) }
        bridge.startType = type
    }

    /// One number is a fixed delay; two or three are base, cap and how long is stable.
    private static func restartTimeout(
        _ bridge: inout BridgeConfiguration,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        var timeout = BridgeRestartTimeout()
        timeout.base = try line.int()
        if timeout.base < 1 {
            timeout.base = 1
            let text = "restart_timeout interval too low, using 1 second."
            line.remarks.append(LogRecord(.notice, text))
        } else if timeout.base > 3600 {
            timeout.base = 3600
            let text = "restart_timeout interval too high, using 3600 seconds."
            line.remarks.append(LogRecord(.notice, text))
        }
        timeout.cap = timeout.base
        if let word = line.nextWord() {
            timeout.cap = try OptionLine.int(word, label: line.name)
            guard timeout.cap >= timeout.base else {
                throw ConfigurationError(
                    "Error: backoff cap is lower than the base in restart_timeout."
                )
            }
            if timeout.cap > 7200 {
                timeout.cap = 7200
                let text = "Error: backoff cap too high, using 7200 seconds."
                line.remarks.append(LogRecord(.error, text))
            }
        }
        if let word = line.nextWord() {
            timeout.stable = try OptionLine.int(word, label: line.name)
            guard timeout.stable >= 0 else { throw line.invalid(timeout.stable) }
        }
        bridge.restartTimeout = timeout
    }

    /// A file of certificate TLS; it excludes TLS-PSK.
    private static func certificate(
        _ path: any WritableKeyPath<BridgeConfiguration, String?> & Sendable,
        isOnce: Bool
    ) -> Setting<BridgeConfiguration> {
        .custom { (bridge: inout Bridge, line: inout OptionLine) throws(ConfigurationError) in
            guard bridge.tls.identity == nil, bridge.tls.psk == nil else {
                throw bothEncryptions(line.name, "psk")
            }
            bridge[keyPath: path] = try line.string(isOnce: isOnce)
        }
    }

    /// A part of TLS-PSK; it excludes certificates.
    private static func preSharedKey(
        _ path: any WritableKeyPath<BridgeConfiguration, String?> & Sendable,
        word: String
    ) -> Setting<BridgeConfiguration> {
        .custom { (bridge: inout Bridge, line: inout OptionLine) throws(ConfigurationError) in
            let tls = bridge.tls
            guard tls.cafile == nil, tls.capath == nil, tls.certfile == nil, tls.keyfile == nil
            else { throw bothEncryptions(line.name, word) }
            bridge[keyPath: path] = try line.string(isOnce: true)
        }
    }

    /// What is said about a bridge with both kinds of encryption.
    private static func bothEncryptions(_ name: String, _ word: String) -> ConfigurationError {
        ConfigurationError(
            "Error: '\(name)': Cannot use both certificate and \(word) encryption"
                + " in a single bridge."
        )
    }
}
