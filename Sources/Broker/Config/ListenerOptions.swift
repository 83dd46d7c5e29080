// SPDX-License-Identifier: Apache-2.0
// The options that apply to one listener, and the security options.

import Log

/// Which listener an option needs above it.
enum ListenerContext {
    /// Any, or else the option creates the default listener.
    case orDefault
    /// Any, also the default listener.
    case required
    /// One that a `listener` line made.
    case explicit
}

/// The options that apply to one listener, by name.
enum ListenerOptions {
    /// An option with the listener it needs.
    typealias Entry = (context: ListenerContext, setting: Setting<ListenerConfiguration>)

    /// The options of every listener.
    static let common: [String: Entry] = [
        "accept_protocol_versions": (.explicit, .custom(acceptProtocolVersions)),
        "bind_interface": (.orDefault, .stringOnce(\.bindInterface).untilRestart()),
        "http_memory_limit": (.required, .int(\.httpMemoryLimit, in: 0...Int.max)),
        "listener_allow_anonymous": (.required, .bool(\.security.allowAnonymous)),
        "listener_auto_id_prefix": (.required, .custom(listenerAutoIdPrefix)),
        "max_connections": (.orDefault, .int(\.maxConnections, raisedTo: -1)),
        "max_qos": (.orDefault, .int(\.maxQoS, in: 0...2, maxQoS)),
        "maximum_qos": (.orDefault, .int(\.maxQoS, in: 0...2, maxQoS)),
        "max_topic_alias": (.required, .int(\.maxTopicAlias, in: 0...65535, alias)),
        "max_topic_alias_broker": (.required, .int(\.maxTopicAliasBroker, in: 0...65535, alias)),
        "mount_point": (.explicit, .custom(mountPoint)),
        "protocol": (.orDefault, .custom(listenerProtocol)),
        "socket_domain": (.orDefault, .custom(\.socketDomain, socketDomain).untilRestart()),
        "use_username_as_clientid": (.orDefault, .bool(\.useUsernameAsClientid)),
        "websockets_origin": (.required, .custom(websocketsOrigin)),
        "enable_proxy_protocol": (.required, .custom(enableProxyProtocol)),
        "proxy_protocol_v2_require_tls": (
            .required, .bool(\.proxyProtocolV2RequireTls)
        ),
    ]

    /// The options of TLS.
    static let tls: [String: Entry] = [
        "cafile": (.required, certificate(\.tls.cafile)),
        "capath": (.orDefault, certificate(\.tls.capath)),
        "certfile": (.orDefault, certificate(\.tls.certfile)),
        "keyfile": (.orDefault, certificate(\.tls.keyfile)),
        "ciphers": (.orDefault, .string(\.tls.ciphers).untilRestart()),
        "ciphers_tls1.3": (.orDefault, .string(\.tls.ciphersTls13).untilRestart()),
        "crlfile": (.orDefault, .string(\.tls.crlfile)),
        "disable_client_cert_date_checks": (
            .required, .bool(\.tls.disableClientCertDateChecks)
        ),
        "require_certificate": (.orDefault, .bool(\.tls.requireCertificate)),
        "tls_engine": (.orDefault, .stringOnce(\.tls.tlsEngine).untilRestart()),
        "tls_engine_kpass_sha1": (
            .orDefault, .custom(\.tls.tlsEngineKpassSha1, engineKeyPassword).untilRestart()
        ),
        "tls_keyform": (.orDefault, .custom(\.tls.isEngineKey, keyForm).untilRestart()),
        "tls_version": (.required, .stringOnce(\.tls.tlsVersion).untilRestart()),
        "use_identity_as_username": (.orDefault, .bool(\.tls.useIdentityAsUsername)),
        "use_subject_as_username": (.orDefault, .bool(\.tls.useSubjectAsUsername)),
        "psk_hint": (.orDefault, .custom(\.pskHint, pskHint).untilRestart()),
    ]

    /// What the parser reads itself.
    static let directives: [String: Setting<ListenerConfiguration>] = [
        "port": .directive(\.port).untilRestart(),
        "bind_address": .directive(\.host).untilRestart(),
        "http_dir": .directive(\.httpDir).untilRestart(),
    ]

    /// The options that only a restart changes, each with what keeps its value.
    static let startOnly: [String: Setting<ListenerConfiguration>.Copy] =
        [common.mapValues(\.setting), tls.mapValues(\.setting), directives]
        .reduce(into: [:]) { result, table in
            result.merge(table.compactMapValues(\.keep)) { first, _ in first }
        }

    /// The security options, global or of a listener.
    static let security: [String: Setting<SecurityConfiguration>] = [
        "acl_file": .string(\.aclFile),
        "allow_anonymous": .bool(\.allowAnonymous),
        "allow_zero_length_clientid": .bool(\.allowZeroLengthClientid),
        "auto_id_prefix": Setting.custom(autoIdPrefix)
            .deprecated("Use 'listener_auto_id_prefix' instead."),
        "password_file": .string(\.passwordFile),
        "psk_file": .string(\.pskFile),
    ]

    /// What is said about a listener with both kinds of encryption.
    static let bothEncryptions = ConfigurationError(
        "Error: Cannot use both certificate and psk encryption in a single listener."
    )

    @Sendable
    private static func maxQoS(_ name: String, _ value: Int) -> String {
        "Error: 'max_qos' must be between 0 and 2 inclusive."
    }

    @Sendable
    private static func alias(_ name: String, _ value: Int) -> String {
        "Error: Invalid '\(name)' value in configuration."
    }

    /// A list of 3, 4 and 5; other items are ignored.
    private static func acceptProtocolVersions(
        _ root: inout ListenerConfiguration,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        let text = line.trimmedText()
        guard !text.isEmpty else { throw line.empty() }
        root.acceptProtocolVersions = text.split { ", \t".contains($0) }
            .compactMap { Int($0) }
            .reduce(into: []) { $0.insert(ProtocolVersions(level: $1)) }
    }

    /// At most 50 bytes.
    private static func listenerAutoIdPrefix(
        _ root: inout ListenerConfiguration,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        let prefix = try line.string(isOnce: true)
        guard prefix.utf8.count <= 50 else {
            throw ConfigurationError("Error: '\(line.name)' length must be <= 50.")
        }
        root.security.autoIdPrefix = prefix
    }

    /// At most 50 bytes.
    private static func autoIdPrefix(
        _ root: inout SecurityConfiguration,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        let prefix = try line.string(isOnce: true)
        guard prefix.utf8.count <= 50 else {
            throw ConfigurationError("Error: auto_id_prefix length must be <= 50.")
        }
        root.autoIdPrefix = prefix
    }

    /// A topic prefix without wildcards.
    private static func mountPoint(
        _ root: inout ListenerConfiguration,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        let prefix = try line.string()
        guard MQTTText.isTopicPrefix(prefix) else {
            let question = "Does it contain a wildcard character?"
            throw ConfigurationError("Error: Invalid '\(line.name)' value (\(prefix)). \(question)")
        }
        root.mountPoint = prefix
    }

    /// The protocol decides the group of the line.
    private static func listenerProtocol(
        _ root: inout ListenerConfiguration,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        let word = try line.word()
        guard let value = ListenerProtocol(rawValue: word) else {
            throw line.invalid(word, known: ListenerProtocol.allCases.map(\.rawValue))
        }
        root.protocol = value
    }

    /// `ipv4` or `ipv6`.
    private static func socketDomain(
        _ root: inout ListenerConfiguration,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        let word = try line.word()
        guard let domain = SocketDomain(rawValue: word) else {
            throw ConfigurationError(
                "Error: Invalid '\(line.name)' value '\(word)' in configuration."
            )
        }
        root.socketDomain = domain
    }

    /// One more Origin.
    private static func websocketsOrigin(
        _ root: inout ListenerConfiguration,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        root.websocketsOrigins.append(try line.string())
    }

    /// Version 1 or 2.
    private static func enableProxyProtocol(
        _ root: inout ListenerConfiguration,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        let version = try line.int()
        guard 1...2 ~= version else {
            throw ConfigurationError("Error: enable_proxy_protocol must be 1 or 2.")
        }
        root.enableProxyProtocol = version
    }

    /// A file of certificate TLS; it excludes TLS-PSK.
    private static func certificate(
        _ path: any WritableKeyPath<ListenerConfiguration, String?> & Sendable
    ) -> Setting<ListenerConfiguration> {
        Setting.custom {
            (
                root: inout ListenerConfiguration,
                line: inout OptionLine
            ) throws(ConfigurationError)
            in
            guard root.pskHint == nil else { throw bothEncryptions }
            root[keyPath: path] = try line.string()
        }
    }

    /// The hint switches TLS-PSK on; it excludes certificates.
    private static func pskHint(
        _ root: inout ListenerConfiguration,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        guard root.tls.certfile == nil, root.tls.keyfile == nil else { throw bothEncryptions }
        root.pskHint = try line.string(isOnce: true)
    }

    /// Forty hexadecimal digits.
    private static func engineKeyPassword(
        _ root: inout ListenerConfiguration,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        let digest = try line.string()
        guard digest.utf8.count == 40, digest.allSatisfy(\.isHexDigit) else {
            throw line.invalid(digest)
        }
        root.tls.tlsEngineKpassSha1 = digest
    }

    /// `engine`; anything else means a PEM file.
    private static func keyForm(
        _ root: inout ListenerConfiguration,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        root.tls.isEngineKey = try line.string() == "engine"
    }
}
