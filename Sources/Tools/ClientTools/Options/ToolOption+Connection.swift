// SPDX-License-Identifier: Apache-2.0
// Options that say where to connect, and as whom.

import MQTT
import ProgramOptions

extension ToolOption {
    /// Where to connect.
    static let connection: [ToolOption] = [
        .text(
            "-h",
            "--host",
            missing: "no host",
            as: .host,
            "host of the broker (localhost).",
            to: \.host
        ),
        .value("-p", "--port", missing: "no port", "port of the broker (1883, with TLS 8883).") {
            options,
            value throws(OptionProblem) in
            let port = CNumber.integer(value)
            guard (0...65_535).contains(port) else {
                throw .spaced("Error: Invalid port given: \(port)")
            }
            options.port = port
        },
        .value(
            "--unix",
            missing: "no socket path",
            as: .file,
            "path of the broker's Unix domain socket."
        ) { options, value in
            options.unixPath = String(decoding: value, as: UTF8.self)
            options.port = 0
        },
        .value(
            "-L",
            "--url",
            missing: "no URL",
            "user, password, host, port and topic as mqtt[s]:// or ws[s]:// URL."
        ) { options, value throws(OptionProblem) in
            try ToolURL.apply(value, to: &options)
        },
        .text(
            "-A",
            missing: "no address",
            as: .host,
            "local address to connect from.",
            to: \.bindAddress
        ),
        .value(
            "--proxy",
            missing: "no proxy url",
            "SOCKS proxy: socks5h://[user[:password]@]host[:port]."
        ) {
            options,
            value throws(OptionProblem) in
            options.proxy = try ProxyURL.parse(value)
        },
        .flag("--ws", does: "carry MQTT over WebSockets.") { $0.isWebSocket = true },
        .flag("--nodelay", does: "send small packets at once (TCP_NODELAY).") {
            $0.isNoDelay = true
        },
    ]

    /// Who connects, and how the session is to be.
    static let session: [ToolOption] = [
        .value("-i", "--id", missing: "no id", "client identifier.") {
            options,
            value throws(OptionProblem) in
            guard options.idPrefix == nil else { throw Self.bothIdentifiers }
            options.id = String(decoding: value, as: UTF8.self)
        },
        .value(
            "-I",
            "--id-prefix",
            missing: "no id prefix",
            "begin of a client identifier that the process id ends."
        ) {
            options,
            value throws(OptionProblem) in
            guard options.id == nil else { throw Self.bothIdentifiers }
            options.idPrefix = String(decoding: value, as: UTF8.self)
        },
        .text("-u", "--username", missing: "no username", "user name.", to: \.username),
        .value("-P", "--pw", missing: "no password", "password.") { $0.password = $1 },
        .value(
            "--auth-method",
            missing: "no method",
            as: .choice(["scram-sha-256", "scram-sha-512"]),
            "log in without sending the password (MQTT 5.0)."
        ) { options, value throws(OptionProblem) in
            let name = String(decoding: value, as: UTF8.self).uppercased()
            guard ["SCRAM-SHA-256", "SCRAM-SHA-512"].contains(name) else {
                throw .spaced(
                    "Error: Unknown value '\(String(decoding: value, as: UTF8.self))' for --auth-method."
                )
            }
            options.authenticationMethod = name
            options.version = .v5
        },
        .value(
            "-V",
            "--protocol-version",
            missing: "no version",
            as: .choice(["5", "311", "31", "mqttv5", "mqttv311", "mqttv31"]),
            titled: "--protocol-version",
            "version of MQTT: 5, 311 or 31."
        ) { options, value throws(OptionProblem) in
            switch String(decoding: value, as: UTF8.self) {
            case "5", "mqttv5": options.version = .v5
            case "311", "mqttv311": options.version = .v311
            case "31", "mqttv31": options.version = .v31
            default: throw .spaced("Error: Invalid protocol version argument given.")
            }
        },
        .flag("-c", "--disable-clean-session", does: "keep the session when the connection ends.") {
            $0.isCleanSession = false
        },
        .value(
            "-x",
            "--session-expiry-interval",
            missing: "no session expiry interval",
            titled: "-x",
            "seconds the session outlives the connection, -1 for ever (MQTT 5.0)."
        ) { options, value throws(OptionProblem) in
            options.sessionExpiry = try Self.expiry(value)
            options.version = .v5
        },
        .value("-k", "--keepalive", missing: "no keepalive", "seconds between signs of life (60).")
        {
            options,
            value throws(OptionProblem) in
            guard let seconds = UInt16(exactly: CNumber.integer(value)), seconds >= 5 else {
                throw .spaced(
                    "Error: Invalid keepalive given, it must be between 5 and 65535 inclusive."
                )
            }
            options.keepAliveSeconds = seconds
        },
        .value("--will-topic", missing: "no will topic", "topic of the will.") {
            options,
            value throws(OptionProblem) in
            try TopicCheck.utf8(value, "--will-topic", isSpaced: true)
            guard TopicCheck.isName(value) else {
                throw .plain(
                    "Error: Invalid will topic '\(value.text)', does it contain '+' or '#'?"
                )
            }
            options.will.topic = value
        },
        .value("--will-payload", missing: "no will payload", "payload of the will.") {
            $0.will.payload = $1
        },
        .value(
            "--will-qos",
            missing: "no will QoS",
            as: .choice(["0", "1", "2"]),
            "QoS of the will (0)."
        ) {
            options,
            value throws(OptionProblem) in
            let qos = CNumber.integer(value)
            guard (0...2).contains(qos) else { throw .spaced("Error: Invalid will QoS \(qos).") }
            options.will.qos = UInt8(qos)
        },
        .flag("--will-retain", does: "have the will retained.") { $0.will.isRetained = true },
        ToolOption(
            description: .init(
                ["-D", "--property"],
                takes: .choice([
                    "connect", "publish", "subscribe", "unsubscribe", "disconnect", "will",
                ]),
                "property of a packet (MQTT 5.0): packet, name and value."
            ),
            tools: .all,
            title: "--property",
            missing: "not enough arguments",
            valueCount: 3
        ) { options, words throws(OptionProblem) in
            try options.properties.add(&words)
            options.version = .v5
        },
    ]

    private static let bothIdentifiers = OptionProblem.spaced(
        "Error: -i and -I argument cannot be used together."
    )

    /// Seconds of `-x`.
    private static func expiry(_ value: [UInt8]) throws(OptionProblem) -> UInt32 {
        if value == Array("∞".utf8) { return .max }
        guard let number = CNumber.wholeLong(value) else {
            throw .spaced("Error: session-expiry-interval not a number.")
        }
        if number == -1 { return .max }
        guard let seconds = UInt32(exactly: number) else {
            throw .spaced("Error: session-expiry-interval out of range.")
        }
        return seconds
    }
}
