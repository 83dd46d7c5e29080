// SPDX-License-Identifier: Apache-2.0
// What of a bridge does not fit together.

extension BridgeConfiguration {
    /// Something that cannot work.
    struct Mistake {
        /// The line to log.
        let line: String
        /// The options it is about; empty for the bridge as a whole.
        ///
        /// The place of the first one that occurs is told.
        let options: [String]

    }

    /// The first thing that cannot work, once all lines have been read; nil if there is none.
    var mistake: Mistake? {
        missing ?? protocolMistake ?? keyMistake ?? certificateMistake ?? transportMistake
    }

    /// What makes the bridge as configured impossible.
    private func invalid(_ what: String, about options: String...) -> Mistake {
        Mistake(line: "Error: Invalid bridge configuration: \(what)", options: options)
    }

    /// What the bridge needs and has not.
    private var missing: Mistake? {
        if addresses.isEmpty { return invalid("no remote addresses defined.") }
        if topics.isEmpty { return invalid("no topics defined.") }
        if tls.psk != nil, tls.identity == nil { return invalid("missing bridge_identity.") }
        if tls.identity != nil, tls.psk == nil { return invalid("missing bridge_psk.") }
        return nil
    }

    /// What no CONNECT can say.
    private var protocolMistake: Mistake? {
        if remotePassword != nil, remoteUsername == nil, protocolVersion != .mqttv50 {
            return invalid(
                "a remote_password without remote_username needs bridge_protocol_version mqttv50.",
                about: "remote_password",
                "password"
            )
        }
        guard notifications, !MQTTText.isTopicName(stateTopic) else { return nil }
        guard notificationTopic == nil else {
            return invalid(
                "'\(stateTopic)' is no topic to publish to.",
                about: "notification_topic"
            )
        }
        return invalid(
            "'\(stateTopic)' is no topic to publish to: give a notification_topic.",
            about: "remote_clientid",
            "clientid"
        )
    }

    /// What is wrong with a pre-shared key.
    private var keyMistake: Mistake? {
        guard let identity = tls.identity, let key = tls.psk else { return nil }
        guard key.utf8.count <= 2 * Self.keyCountMax, key.allSatisfy(\.isHexDigit) else {
            return Mistake(
                line:
                    "Error: 'bridge_psk' must be at most \(Self.keyCountMax) bytes in hexadecimal digits.",
                options: ["bridge_psk"]
            )
        }
        guard identity.utf8.count <= Self.identityCountMax else {
            return Mistake(
                line: "Error: bridge_identity value too long.",
                options: ["bridge_identity"]
            )
        }
        guard !tls.requireOcsp else {
            return invalid(
                "bridge_psk leaves no certificate that bridge_require_ocsp could ask about.",
                about: "bridge_require_ocsp"
            )
        }
        guard tls.version != "tlsv1.3" else {
            return invalid(
                "bridge_psk needs TLS 1.2, which bridge_tls_version tlsv1.3 excludes.",
                about: "bridge_tls_version"
            )
        }
        return nil
    }

    /// What OpenSSL takes as a pre-shared key, in bytes.
    private static let keyCountMax = 512
    /// What OpenSSL takes as the identity of one, in bytes.
    private static let identityCountMax = 128

    /// What is wrong with the options of TLS among themselves.
    private var certificateMistake: Mistake? {
        if tls.certfile != nil, tls.keyfile == nil {
            return invalid("missing bridge_keyfile.", about: "bridge_certfile")
        }
        if tls.keyfile != nil, tls.certfile == nil {
            return invalid("missing bridge_certfile.", about: "bridge_keyfile")
        }
        guard !tls.isSwitchedOn else { return nil }
        let given = [
            ("bridge_certfile", tls.certfile), ("bridge_alpn", tls.alpn),
            ("bridge_require_ocsp", tls.requireOcsp ? "true" : nil),
            ("bridge_tls_version", tls.version), ("bridge_ciphers", tls.ciphers),
            ("bridge_ciphers_tls1.3", tls.ciphersTls13),
        ]
        guard let name = given.first(where: { $0.1 != nil })?.0 else { return nil }
        return invalid("\(name) without TLS: \(Self.whatSwitchesOn)", about: name)
    }

    private static let whatSwitchesOn =
        "give bridge_cafile, bridge_capath, bridge_tls_use_os_certs or bridge_psk."

    /// Addresses that do not go with the options of TLS.
    private var transportMistake: Mistake? {
        for address in addresses {
            switch address.transport {
            case .webSocket where tls.isSwitchedOn:
                return invalid(
                    "'\(address)' is not encrypted, but the bridge has options of TLS: say wss://.",
                    about: "address",
                    "addresses"
                )
            case .secureWebSocket where !tls.isSwitchedOn:
                return invalid(
                    "'\(address)' needs an authority to trust: \(Self.whatSwitchesOn)",
                    about: "address",
                    "addresses"
                )
            default: continue
            }
        }
        guard tls.isSwitchedOn, addresses.allSatisfy({ $0.transport == .unix }) else { return nil }
        return invalid(
            "options of TLS, but no address that TLS is spoken to.",
            about: "address",
            "addresses"
        )
    }
}
