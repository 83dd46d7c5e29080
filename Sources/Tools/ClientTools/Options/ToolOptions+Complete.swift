// SPDX-License-Identifier: Apache-2.0
// Whether options fit together, and what follows from them.

import MQTT

extension ToolOptions {
    /// What is added to a prefix at most.
    private static let processDigitsMax = 9

    /// Checks the options against each other, in the order in which complaints are known.
    mutating func complete() throws(OptionProblem) {
        try checkWillAndTLS()
        try checkSession()
        if tool == .sub, topics.isEmpty, unsubscribes.isEmpty {
            throw .plain(
                "Error: You must specify a topic to subscribe to (-t) or unsubscribe from (-U)."
            )
        }
        try properties.check()
        if ignoresRetained, wantsOnlyRetained {
            throw .setup("\nError: Combining '-R' and '--retained-only' makes no sense.")
        }
        if tool == .pub, topics.isEmpty || source == nil {
            throw .usage("Error: Both topic and message must be supplied.")
        }
        if tool == .rr { try checkRequest() }
        if isWatching, showsRate { isWatching = false }
        try checkCredentials()
    }

    private func checkWillAndTLS() throws(OptionProblem) {
        if will.topic == nil {
            if will.payload != nil {
                throw .plain("Error: Will payload given, but no will topic given.")
            }
            if will.isRetained {
                throw .plain("Error: Will retain given, but no will topic given.")
            }
        }
        if (tls.certificateFile == nil) != (tls.keyFile == nil) {
            throw .plain(
                "Error: Both certfile and keyfile must be provided if one of them is set."
            )
        }
        if tls.keyForm != nil, tls.keyFile == nil {
            throw .plain("Error: If keyform is set, keyfile must be also specified.")
        }
        if tls.enginePassword != nil, tls.keyForm == nil || tls.engine == nil {
            throw .plain(
                "Error: when using tls-engine-kpass-sha1, "
                    + "both tls-engine and keyform must also be provided."
            )
        }
        if tls.hasAuthorities, tls.psk != nil {
            throw .plain("Error: Only one of --psk or --cafile/--capath may be used at once.")
        }
        if tls.psk != nil, tls.pskIdentity == nil {
            throw .plain("Error: --psk-identity required if --psk used.")
        }
    }

    private mutating func checkSession() throws(OptionProblem) {
        guard version == .v5 else {
            guard isCleanSession || id != nil else {
                throw .plain(
                    "Error: You must provide a client id if you are using the -c option."
                )
            }
            return
        }
        if !isCleanSession, sessionExpiry == nil { sessionExpiry = .max }
        if sessionExpiry == .max, id == nil {
            throw .plain(
                "Error: You must provide a client id if you are using "
                    + "an infinite session expiry interval."
            )
        }
        if let sessionExpiry, sessionExpiry > 0 {
            var writer = PropertyWriter()
            writer.append(.sessionExpiryInterval, fourByteInteger: sessionExpiry)
            properties.connect += writer.bytes
        }
    }

    private mutating func checkRequest() throws(OptionProblem) {
        guard let responseTopic, !topics.isEmpty, source != nil else {
            throw .plain(
                "Error: All of topic, message, and response topic must be supplied."
            )
        }
        guard version == .v5 else { return }
        guard !ToolProperties.contains(.responseTopic, properties.publish) else {
            throw .setup("Error in PUBLISH properties: Duplicate response topic.")
        }
        var writer = PropertyWriter()
        writer.append(.responseTopic, utf8: responseTopic)
        properties.publish += writer.bytes
    }

    private func checkCredentials() throws(OptionProblem) {
        if password != nil, username == nil, version != .v5 || authenticationMethod != nil {
            throw .setup("Error: Problem setting username and/or password.")
        }
        if authenticationMethod != nil, username == nil || password == nil {
            throw .setup("Error: --auth-method needs a username and a password.")
        }
        if let keyForm = tls.keyForm, !["pem", "engine"].contains(keyForm) {
            throw .setup("Error: Problem setting key form, it must be one of 'pem' or 'engine'.")
        }
        if let minimum = tls.minimumVersion, !["tlsv1.2", "tlsv1.3"].contains(minimum) {
            throw .setup("Error: Problem setting TLS options, check the options are valid.")
        }
    }

    /// The client identifier: what was given, or the prefix and the number of the process.
    package func clientIdentifier(processID: Int32) -> String {
        if let id { return id }
        guard let idPrefix else { return "" }
        return idPrefix + String(processID).prefix(Self.processDigitsMax)
    }
}

extension ToolOptions {
    /// How the connection is to be protected.
    package enum Security: Sendable, Equatable {
        /// Not at all.
        case plain
        /// By a certificate that these authorities vouch for.
        case authorities
        /// By a certificate that the system's authorities vouch for.
        case system
        /// By a pre-shared key.
        case presharedKey
    }

    /// The port that counts; 0 for a Unix domain socket.
    package var connectionPort: UInt16 {
        if let port { return UInt16(port) }
        let isSecure = !tls.isOff && (tls.hasAuthorities || tls.psk != nil)
        return isSecure ? 8883 : 1883
    }

    /// What protects the connection.
    package var security: Security {
        if tls.isOff { return .plain }
        if tls.hasAuthorities { return .authorities }
        if tls.psk != nil { return .presharedKey }
        return tls.usesSystemCertificates || connectionPort == 8883 ? .system : .plain
    }

    /// Whether nothing at all is verified: as in the original, `--insecure` goes that far together
    /// with options that replace its checks.
    package var verifiesNothing: Bool {
        tls.isInsecure && (tls.minimumVersion != nil || tls.ciphers != nil)
    }
}
