// SPDX-License-Identifier: Apache-2.0
// The options in the terms of the client library.

import Encoding
import Glibc
import MQTT
import MQTTClient

extension ToolOptions {
    /// What the original's library says it takes at once.
    private static let receiveMaximum = 20
    /// Milliseconds between the loss of a connection and the attempt to make it again.
    private static let reconnectMilliseconds = 1000

    /// How to connect.
    ///
    /// - Throws: `.setup` with what cannot be used.
    func configuration(processID: Int32) throws(OptionProblem) -> MQTTConfiguration {
        let server: MQTTConfiguration.Server =
            if let unixPath {
                .unix(path: unixPath)
            } else {
                .tcp(host: host ?? "localhost", port: connectionPort)
            }
        var result = MQTTConfiguration(
            server,
            clientIdentifier: clientIdentifier(processID: processID)
        )
        result.version =
            switch version {
            case .v31: .v31
            case .v311: .v311
            case .v5: .v5
            }
        result.userName = username
        result.password = password
        result.isCleanStart = isCleanSession
        result.keepAliveSeconds = keepAliveSeconds
        result.encodedProperties = properties.connect
        if !ToolProperties.contains(.receiveMaximum, properties.connect) {
            result.receiveMaximum = UInt16(receiveWindow)
        }
        result.will = willMessage
        result.bindAddress = bindAddress
        result.limits.inFlightMax = inFlightMax
        result.limits.queuedMax = max(1000, inFlightMax)
        result.limits.queuedBytesMax = 1 << 20
        result.renewsSubscriptions = false
        result.reconnection = nil
        if tool == .sub || source == .lines {
            var reconnection = MQTTReconnection(
                minimum: .milliseconds(Self.reconnectMilliseconds),
                maximum: .milliseconds(Self.reconnectMilliseconds),
                jitter: 0
            )
            reconnection.isStubborn = true
            result.reconnection = reconnection
        }
        if isWebSocket { result.webSocket = MQTTWebSocket() }
        result.proxy = proxy.map {
            MQTTProxy(host: $0.host, port: $0.port, userName: $0.username, password: $0.password)
        }
        result.tls = try tlsConfiguration()
        if let method = authenticationMethod { authenticate(&result, method) }
        return result
    }

    /// Messages that are taken at once: no more than are wanted.
    private var receiveWindow: Int {
        tool == .rr ? 1 : min(Self.receiveMaximum, messageCount ?? Self.receiveMaximum)
    }

    private var willMessage: MQTTWill? {
        guard let topic = will.topic else { return nil }
        var result = MQTTWill(
            MQTTMessage(
                topic: topic.text,
                payload: MQTTPayload(will.payload ?? []),
                qos: MQTTQoS(rawValue: will.qos) ?? .atMostOnce,
                isRetained: will.isRetained
            )
        )
        result.encodedProperties = properties.will
        return result
    }

    /// User and password go into the exchange, not into CONNECT.
    private func authenticate(_ configuration: inout MQTTConfiguration, _ method: String) {
        configuration.authentication = MQTTSCRAM(
            method == "SCRAM-SHA-512" ? .sha512 : .sha256,
            userName: username ?? "",
            password: (password ?? []).text
        )
        configuration.userName = nil
        configuration.password = nil
    }

    // MARK: TLS

    private func tlsConfiguration() throws(OptionProblem) -> MQTTTLS? {
        var result = MQTTTLS(authorityFile: tls.caFile)
        result.trustsSystem = false
        switch security {
        case .plain: return nil
        case .system: result.trustsSystem = true
        case .authorities:
            result.trustsSystem = tls.usesSystemCertificates
            result.authorityFolder = tls.caPath
            result.certificateFile = tls.certificateFile
            result.keyFile = tls.keyFile
            for path in [tls.caFile, tls.certificateFile, tls.keyFile].compactMap({ $0 })
            where access(path, R_OK) != 0 {
                throw .setup("Error: Problem setting TLS options: File not found.")
            }
        case .presharedKey:
            let key = Hexadecimal.decode((tls.psk ?? "").utf8, allowsOddCount: true)
            guard let key, !key.isEmpty else {
                throw .setup("Error: Problem setting TLS-PSK options.")
            }
            result.preSharedKey = MQTTTLS.PreSharedKey(
                identity: tls.pskIdentity ?? "",
                key: key
            )
        }
        if let engine = tls.engine {
            throw .setup("Error: Problem setting TLS engine, is \(engine) a valid engine?")
        }
        if tls.keyForm == "engine" {
            throw .setup("Error: Problem setting TLS engine: engines are not supported.")
        }
        result.minimumVersion = tls.minimumVersion == "tlsv1.3" ? .v13 : .v12
        result.ciphers = tls.ciphers
        result.applicationProtocol = tls.applicationProtocol
        result.ignoresHostName = tls.isInsecure || unixPath != nil
        result.verifiesNothing = verifiesNothing
        result.keyLogFile = tls.keyLogFile
        return result
    }
}
